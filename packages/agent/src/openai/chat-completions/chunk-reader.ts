import type { JsonObject, JsonValue } from '@parley/contract';
import type { ModelFinishReason } from '../../model/model.ts';
import { AnswerPieces } from '../answer-pieces.ts';
import { BrokenCall, reportedBy } from '../broken-call.ts';
import type { EventReader } from '../response-reader.ts';
import { isCount, parseEvent, textOf } from '../wire-values.ts';

/**
 * Reads the chunks of a streamed chat completion. Compatible servers differ, so the reader uses only the fields that
 * it needs, and expects each of them to be missing or wrong.
 */
export class ChunkReader implements EventReader {
  readonly pieces = new AnswerPieces();
  #model = '';
  #isDone = false;

  takeEvent(data: string, name: string): void {
    if (this.#isDone) return;
    if (data === '[DONE]') this.#end();
    else if (isJsonLike(data)) this.#takeChunks(parseEvent(data), name === 'error');
    // A chunk is never a text, but some servers send heartbeats as texts.
    else if (name === 'error' && data !== '') throw reportedBy(data);
  }

  takeBody(body: unknown): void {
    this.#takeChunks(body, false);
    this.#end();
  }

  finish(): void {
    if (!this.#isDone) this.pieces.endText();
  }

  #end(): void {
    this.pieces.endText();
    this.#isDone = true;
    this.pieces.push({ type: 'done' });
  }

  #takeChunks(value: unknown, isError: boolean): void {
    if (Array.isArray(value)) for (const chunk of value) this.#takeChunk(chunk, isError);
    else this.#takeChunk(value as WireChunk | null, isError);
  }

  #takeChunk(chunk: WireChunk | null, isError: boolean): void {
    if (typeof chunk !== 'object' || chunk === null) return;
    if (chunk.error || chunk.object === 'error' || isError) throw reportedBy(chunk);
    const choice = chunk.choices?.[0];
    if (choice) this.#takeChoice(choice);
    const { model, usage } = chunk;
    if (typeof model === 'string' && model !== '' && model !== this.#model) {
      this.#model = model;
      this.pieces.push({ type: 'model', name: model });
    }
    if (usage) this.#takeUsage(usage);
  }

  #takeChoice(choice: WireChoice): void {
    const delta = choice.delta ?? choice.message;
    if (typeof delta === 'object' && delta !== null) this.#takeDelta(delta);
    const word = choice.finish_reason;
    // Some servers send an empty reason, or the word "null", with every piece.
    if (typeof word !== 'string' || word === '' || word === 'null') return;
    if (word === 'error') throw new BrokenCall('the model ended with an error');
    this.pieces.push({ type: 'finish', reason: finishReasons[word] ?? 'other' });
  }

  #takeDelta(delta: WireDelta): void {
    const { content, refusal, annotations, tool_calls: calls } = delta;
    if (typeof content === 'string') this.pieces.pushText(content);
    else if (Array.isArray(content)) for (const part of content) this.#takePart(part);
    if (typeof refusal === 'string') this.pieces.pushText(refusal);
    if (annotations) this.pieces.pushSources(annotations);
    this.#takeReasoning(delta);
    for (const name of OPAQUE_FIELDS) {
      const value = delta[name];
      if (value !== undefined && value !== null && value !== '')
        this.pieces.push({ type: 'opaque', name, value });
    }
    if (calls) for (const call of [calls].flat()) this.#takeCall(call);
  }

  /** A part of a content list: text counts, thinking is reasoning, and other parts are ignored. */
  #takePart(part: WirePart | null): void {
    if (typeof part === 'string') this.pieces.pushText(part);
    else if (typeof part?.text === 'string') this.pieces.pushText(part.text);
    else if (Array.isArray(part?.thinking)) {
      for (const thought of part.thinking) this.pieces.pushReasoning(textOf(thought?.text) ?? '');
    }
  }

  #takeReasoning({ reasoning_content: content, reasoning }: WireDelta): void {
    const text = typeof content === 'string' && content !== '' ? content : reasoning;
    if (typeof text === 'string') this.pieces.pushReasoning(text);
  }

  #takeCall(call: WireCall | null): void {
    if (typeof call !== 'object' || call === null) return;
    const { index, id, extra_content: extra } = call;
    // Some servers leave out the level `function`.
    const { name, arguments: written } = call.function ?? call;
    this.pieces.push({
      type: 'tool-call',
      index: typeof index === 'number' ? index : undefined,
      id: textOf(id),
      name: textOf(name),
      arguments: typeof written === 'object' && written !== null ? JSON.stringify(written) : textOf(written),
      opaque: extra === undefined || extra === null ? undefined : { extra_content: extra },
    });
  }

  #takeUsage({ prompt_tokens: inputTokens, completion_tokens: outputTokens }: WireUsage): void {
    if (isCount(inputTokens) && isCount(outputTokens)) {
      this.pieces.push({ type: 'usage', inputTokens, outputTokens });
    }
  }
}

/** Opaque data of a message that must be sent back to its server. */
const OPAQUE_FIELDS = ['reasoning_content', 'reasoning_details', 'extra_content'] as const;

/** The names of finish reasons in various servers. */
const finishReasons: Readonly<Record<string, ModelFinishReason>> = {
  stop: 'stop',
  eos_token: 'stop',
  end_turn: 'stop',
  stop_sequence: 'stop',
  length: 'length',
  max_tokens: 'length',
  content_filter: 'content_filter',
  tool_calls: 'tool_calls',
  tool_use: 'tool_calls',
  function_call: 'tool_calls',
};

/** The fields of a chunk that are read. Each may be missing or of another type. */
interface WireChunk {
  readonly object?: unknown;
  readonly error?: unknown;
  readonly model?: unknown;
  readonly choices?: readonly (WireChoice | null)[] | null;
  readonly usage?: WireUsage | null;
}

interface WireChoice {
  readonly delta?: WireDelta | null;
  readonly message?: WireDelta | null;
  readonly finish_reason?: unknown;
}

interface WireDelta {
  readonly content?: string | readonly (WirePart | null)[] | null;
  readonly refusal?: unknown;
  readonly annotations?: unknown;
  readonly reasoning?: unknown;
  readonly reasoning_content?: JsonValue;
  readonly reasoning_details?: JsonValue;
  readonly extra_content?: JsonValue;
  readonly tool_calls?: (WireCall | null)[] | WireCall | null;
}

type WirePart = {
  readonly text?: unknown;
  readonly thinking?: readonly ({ readonly text?: unknown } | null)[];
};

interface WireFunction {
  readonly name?: unknown;
  readonly arguments?: unknown;
}

interface WireCall extends WireFunction {
  readonly index?: unknown;
  readonly id?: unknown;
  readonly function?: WireFunction | null;
  readonly extra_content?: JsonObject | null;
}

interface WireUsage {
  readonly prompt_tokens?: unknown;
  readonly completion_tokens?: unknown;
}

/** Whether an event is meant to be a chunk. */
function isJsonLike(data: string): boolean {
  const first = data.charCodeAt(0);
  return first === 0x7b || first === 0x5b;
}
