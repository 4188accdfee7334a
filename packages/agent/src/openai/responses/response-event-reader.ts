import type { JsonObject, JsonValue } from '@parley/contract';
import type { ModelFinishReason } from '../../model/model.ts';
import { AnswerPieces } from '../answer-pieces.ts';
import { reportedBy } from '../broken-call.ts';
import type { EventReader } from '../response-reader.ts';
import { isCount, parseEvent, textOf } from '../wire-values.ts';
import { PHASES, REASONING_ITEMS } from './responses-request.ts';

/**
 * Reads the events of a streamed response. As with chunks, the reader uses only the fields that it needs. An item
 * counts once, whether it comes in pieces, complete, or with the response that ends the stream.
 */
export class ResponseEventReader implements EventReader {
  readonly pieces = new AnswerPieces();
  /** Numbers and ids of the items whose text was read, or `UNKNOWN` for an item without either. */
  readonly #written = new Set<unknown>();
  /** Numbers and ids of the completed items. */
  readonly #whole = new Set<unknown>();
  /** Reasoning that belongs to the item after it. */
  #reasoning: JsonValue[] = [];
  #textItem: unknown;
  #hasCalls = false;
  #isDone = false;

  takeEvent(data: string, name: string): void {
    if (this.#isDone) return;
    if (data === '[DONE]') this.#end();
    else if (data.startsWith('{')) this.#take(parseEvent(data) as WireEvent, name);
    // An event is never a text, but some servers send heartbeats as texts.
    else if (name === 'error' && data !== '') throw reportedBy(data);
  }

  takeBody(body: unknown): void {
    const response = (Array.isArray(body) ? body[0] : body) as WireResponse | null;
    if (response?.error || response?.status === 'failed') throw reportedBy(response);
    this.#complete(response ?? {});
  }

  finish(): void {
    if (!this.#isDone) this.pieces.endText();
  }

  #take(event: WireEvent, name: string): void {
    if (event.error || event.type === 'error' || name === 'error') throw reportedBy(event);
    const { item, delta, response } = event;
    const key = event.output_index ?? event.item_id;
    switch (event.type) {
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        this.#takeText(delta, event.output_index, event.item_id);
        break;
      case 'response.output_text.annotation.added':
        this.pieces.pushSources([event.annotation]);
        break;
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        this.pieces.pushReasoning(textOf(delta) ?? '');
        break;
      case 'response.output_item.added':
        if (item?.type === 'function_call') this.#takeCall(item, key);
        break;
      case 'response.function_call_arguments.delta':
        this.#takeCall({ arguments: delta }, key);
        break;
      case 'response.output_item.done':
        this.#takeItem(item, event.output_index);
        break;
      case 'response.completed':
      case 'response.incomplete':
        this.#complete(response ?? {});
        break;
      case 'response.failed':
        this.#takeUsage(response ?? {});
        throw reportedBy(response ?? {});
    }
  }

  /** Texts of different items are separate paragraphs. */
  #takeText(text: unknown, index: unknown, id: unknown): void {
    if (typeof text !== 'string' || text === '') return;
    const item = index ?? id ?? UNKNOWN;
    if (this.#written.size > 0 && item !== this.#textItem) this.pieces.pushText('\n\n');
    this.#textItem = item;
    this.#written.add(item).add(id ?? item);
    this.pieces.pushText(text);
  }

  #takeCall({ call_id: id, name, arguments: written }: WireItem, key: unknown, opaque?: JsonObject): void {
    this.#hasCalls = true;
    this.pieces.push({
      type: 'tool-call',
      index: typeof key === 'number' ? key : undefined,
      id: textOf(id),
      name: textOf(name),
      arguments: textOf(written),
      opaque,
    });
  }

  /** Takes the part of a complete item that was not read yet. */
  #takeItem(item: WireItem | null | undefined, index: unknown): void {
    if (!item || this.#whole.has(item.id ?? index)) return;
    this.#whole.add(item.id ?? index);
    if (item.type === 'reasoning') this.#takeReasoning(item);
    else if (item.type === 'function_call') this.#takeCall(item, index, this.#takeReasoningItems());
    else if (item.type === 'message') this.#takeMessage(item, index);
  }

  #takeMessage(item: WireItem, index: unknown): void {
    const isWritten = [index, item.id, UNKNOWN].some((key) => this.#written.has(key));
    for (const part of isWritten ? [] : (item.content ?? [])) {
      this.#takeText(part?.text ?? part?.refusal, index, item.id);
    }
    // A source that has come before is known.
    for (const part of item.content ?? []) this.pieces.pushSources(part?.annotations);
    const opaque = {
      ...this.#takeReasoningItems(),
      ...(typeof item.phase === 'string' && { [PHASES]: [item.phase] }),
    };
    for (const [name, value] of Object.entries(opaque)) this.pieces.push({ type: 'opaque', name, value });
  }

  /** A server that stores nothing cannot accept reasoning of which only the summary is known. */
  #takeReasoning(item: WireItem): void {
    const hasContent = Array.isArray(item.content) && item.content.length > 0;
    if (!item.encrypted_content && !hasContent) return;
    const { status: _, ...given } = item;
    this.#reasoning.push(given as JsonObject);
  }

  #takeReasoningItems(): JsonObject | undefined {
    const items = this.#reasoning;
    this.#reasoning = [];
    return items.length === 0 ? undefined : { [REASONING_ITEMS]: items };
  }

  #complete(response: WireResponse): void {
    const { model, output, incomplete_details: incomplete } = response;
    if (Array.isArray(output)) for (const [index, item] of output.entries()) this.#takeItem(item, index);
    if (typeof model === 'string' && model !== '') this.pieces.push({ type: 'model', name: model });
    this.#takeUsage(response);
    this.pieces.endText();
    this.pieces.push({ type: 'finish', reason: this.#reasonOf(incomplete?.reason) });
    this.#end();
  }

  #reasonOf(incomplete: unknown): ModelFinishReason {
    if (incomplete === 'max_output_tokens') return 'length';
    if (incomplete === 'content_filter') return 'content_filter';
    if (incomplete !== undefined && incomplete !== null) return 'other';
    return this.#hasCalls ? 'tool_calls' : 'stop';
  }

  #takeUsage({ usage }: WireResponse): void {
    const { input_tokens: inputTokens, output_tokens: outputTokens } = usage ?? {};
    if (isCount(inputTokens) && isCount(outputTokens)) {
      this.pieces.push({ type: 'usage', inputTokens, outputTokens });
    }
  }

  #end(): void {
    this.pieces.endText();
    this.#isDone = true;
    this.pieces.push({ type: 'done' });
  }
}

/** The key of an item without a number and an id. */
const UNKNOWN = Symbol('unknown');

/** The fields of an event that are read. Each may be missing or of another type. */
interface WireEvent {
  readonly type?: unknown;
  readonly error?: unknown;
  readonly delta?: unknown;
  readonly annotation?: unknown;
  readonly output_index?: unknown;
  readonly item_id?: unknown;
  readonly item?: WireItem | null;
  readonly response?: WireResponse | null;
}

interface WireItem {
  readonly type?: unknown;
  readonly id?: unknown;
  readonly status?: unknown;
  readonly call_id?: unknown;
  readonly name?: unknown;
  readonly arguments?: unknown;
  readonly phase?: unknown;
  readonly encrypted_content?: unknown;
  readonly content?: readonly (WirePart | null)[] | null;
}

interface WirePart {
  readonly text?: unknown;
  readonly refusal?: unknown;
  readonly annotations?: unknown;
}

interface WireResponse {
  readonly status?: unknown;
  readonly error?: unknown;
  readonly model?: unknown;
  readonly output?: readonly (WireItem | null)[] | null;
  readonly incomplete_details?: { readonly reason?: unknown } | null;
  readonly usage?: { readonly input_tokens?: unknown; readonly output_tokens?: unknown } | null;
}
