import { parseStreamCursor, type StreamCursor } from '@parley/contract';
import type { ReaderConnection, ShownEvent } from '@parley/turns/testing';
import { isAccessLost, isTransient } from './api-errors.ts';
import type { ServerEvent } from './server-events.ts';

/** A part of the UI message stream, with the fields that are read here. */
interface Part {
  readonly type: string;
  readonly messageId?: string;
  readonly delta?: string;
  readonly messageMetadata?: {
    readonly userMessageId?: string;
    readonly status?: string;
    readonly finishReason?: string;
  };
  readonly data?: { readonly text?: string; readonly code?: string };
}

/** One connection to an answer's stream, as its reader interprets it. */
export class AnswerStream {
  readonly events: { cursor: StreamCursor; event: ShownEvent }[] = [];
  /** The violations of the stream's format, as sentences. */
  readonly oddities: string[] = [];
  readonly #from: StreamCursor | undefined;
  /** The id of the last event, to continue after it. */
  lastEventId: string | undefined;
  messageId: string | undefined;
  userMessageId: string | undefined;
  /** How the answer ended, or why its stream ended before. */
  end: { readonly status: string; readonly code?: string } | undefined;
  #apiErrorCode: string | undefined;
  #isDone = false;

  constructor(lastEventId: string | undefined) {
    this.lastEventId = lastEventId;
    this.#from = lastEventId === undefined ? undefined : parseStreamCursor(lastEventId);
  }

  get connection(): ReaderConnection {
    return { ...(this.#from && { from: this.#from }), events: this.events };
  }

  /** Whether the stream ended with its end mark. */
  get isDone(): boolean {
    return this.#isDone;
  }

  take({ id, data }: ServerEvent): void {
    if (this.#isDone) this.oddities.push(`"${data}" came after [DONE]`);
    if (data === '[DONE]') {
      this.#isDone = true;
      if (!this.end) this.oddities.push('[DONE] came before an end');
      return;
    }
    const part = JSON.parse(data) as Part;
    if (part.type === 'data-refusal') this.#apiErrorCode = part.data?.code;
    const event = this.#eventOf(part);
    if (!event) return;
    const cursor = parseStreamCursor(id ?? '');
    if (!cursor) this.oddities.push(`${part.type} came with the id ${id}`);
    this.lastEventId = id;
    this.events.push({ cursor: cursor ?? { attempt: 0, part: 0, offset: 0 }, event });
  }

  #eventOf(part: Part): ShownEvent | undefined {
    switch (part.type) {
      case 'start':
        this.messageId = part.messageId;
        this.userMessageId = part.messageMetadata?.userMessageId;
        return { type: 'start', messageId: this.messageId ?? '', userMessageId: this.userMessageId ?? '' };
      case 'text-start':
      case 'text-end':
        return { type: part.type };
      case 'text-delta':
        return { type: 'text-delta', text: part.delta ?? '' };
      case 'data-snapshot':
        return { type: 'snapshot', text: part.data?.text ?? '' };
      case 'finish':
        return this.#endAs(part.messageMetadata?.status ?? '', part.messageMetadata?.finishReason);
      case 'abort':
        return this.#endAs('stopped');
      case 'error':
        return this.#failAs(this.#apiErrorCode ?? '');
      case 'data-refusal':
      case 'data-status':
        return undefined;
      default:
        this.oddities.push(`a part of type ${part.type} came`);
        return undefined;
    }
  }

  #endAs(status: string, finishReason?: string): ShownEvent {
    if (this.end) this.oddities.push(`the end came twice: ${this.end.status}, ${status}`);
    this.end = { status };
    return { type: 'end', status, ...(finishReason !== undefined && { finishReason }) };
  }

  /** Undefined if only the stream ends here. */
  #failAs(code: string): ShownEvent | undefined {
    if (this.end) this.oddities.push(`the end came twice: ${this.end.status}, ${code}`);
    if (isTransient(code)) this.end = { status: 'passing', code };
    else if (isAccessLost(code)) this.end = { status: 'access-lost', code };
    else this.end = { status: 'failed', code };
    return this.end.status === 'failed' ? { type: 'end', status: 'failed', errorCode: code } : undefined;
  }
}
