import type { AgentUsage } from './agent.ts';
import type { AnswerText } from './answer-text.ts';
import { BrokenCall } from './broken-call.ts';
import { CallReader, type WireCall } from './call-reader.ts';

/**
 * Reads the chunks of a streamed chat completion. Compatible servers differ, so only what is needed is looked
 * at, and nothing is believed to be there.
 */
export class ChunkReader {
  readonly #answer: AnswerText;
  readonly #calls = new CallReader();
  #finishReason: string | undefined;
  #model: string | undefined;
  #usage: AgentUsage | undefined;
  #isDone = false;

  constructor(answer: AnswerText) {
    this.#answer = answer;
  }

  /** The tools the model calls, as far as they have come. */
  get calls(): CallReader {
    return this.#calls;
  }

  /** The model's own word for why it ended: `stop`, `length`, `content_filter` or another. */
  get finishReason(): string | undefined {
    return this.#finishReason;
  }

  /** The model that answered, as the server names it. */
  get model(): string | undefined {
    return this.#model;
  }

  get usage(): AgentUsage | undefined {
    return this.#usage;
  }

  /** The server said that nothing more comes. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /**
   * Takes one event.
   *
   * @throws BrokenCall when it is no JSON, or an error.
   */
  take(data: string, name: string): void {
    if (this.#isDone) return;
    if (data === '[DONE]') {
      this.#isDone = true;
      return;
    }
    const chunk = parseChunk(data);
    if (chunk === null) return;
    if (chunk.error || chunk.object === 'error' || name === 'error') throw brokenBy(chunk.error ?? chunk);
    this.#takeChoice(chunk.choices?.[0]);
    if (typeof chunk.model === 'string' && chunk.model !== '') this.#model = chunk.model;
    if (chunk.usage) this.#usage = usageOf(chunk.usage);
  }

  #takeChoice(choice: WireChoice | null | undefined): void {
    const text = choice?.delta?.content;
    if (typeof text === 'string' && text !== '') this.#answer.add(text);
    const calls = choice?.delta?.tool_calls;
    if (Array.isArray(calls)) for (const call of calls) this.#calls.take(call);
    const reason = choice?.finish_reason;
    // Some servers send an empty reason with every piece.
    if (typeof reason !== 'string' || reason === '') return;
    if (reason === 'error') throw new BrokenCall('the model ended with an error');
    this.#finishReason = reason;
  }
}

/** What is looked at in a chunk; every part may be missing or of another type. */
interface WireChunk {
  readonly object?: unknown;
  readonly error?: unknown;
  readonly code?: unknown;
  readonly model?: unknown;
  readonly choices?: readonly (WireChoice | null)[] | null;
  readonly usage?: WireUsage | null;
}

interface WireChoice {
  readonly delta?: { readonly content?: unknown; readonly tool_calls?: WireCall[] | null } | null;
  readonly finish_reason?: unknown;
}

interface WireUsage {
  readonly prompt_tokens?: unknown;
  readonly completion_tokens?: unknown;
}

function parseChunk(data: string): WireChunk | null {
  try {
    return JSON.parse(data) as WireChunk | null;
  } catch {
    // The parser's own message quotes the text, which may be the answer's.
    throw new BrokenCall('a chunk of the answer is no JSON');
  }
}

function brokenBy(error: unknown): BrokenCall {
  const code = typeof error === 'object' && error !== null && 'code' in error ? Number(error.code) : 0;
  const isStatus = code >= 400 && code <= 599;
  return new BrokenCall("the model's server reported an error in the answer", isStatus ? code : undefined);
}

function usageOf(usage: WireUsage): AgentUsage | undefined {
  const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = usage;
  return isCount(inputTokens) && isCount(outputTokens) ? { inputTokens, outputTokens } : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
