import { BrokenCall } from './broken-call.ts';

/** Longer than any answer in one event, each of its characters escaped; a longer line is no event stream. */
const LINE_LENGTH_MAX = 4 * 1024 * 1024;

/** Takes the data of one event and its name (empty unless the server gave one). */
type OnEvent = (data: string, name: string) => void;

/**
 * Splits a stream of text into server-sent events. It is lenient where servers are sloppy: no blank after the
 * colon, carriage returns, a last event without its blank line.
 */
export class EventStream {
  readonly #onEvent: OnEvent;
  #rest = '';
  #data: string | undefined;
  #name = '';

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  /** @throws BrokenCall when a line exceeds 4 Mi characters. */
  push(chunk: string): void {
    let from = this.#rest.length;
    const text = from === 0 ? chunk : this.#rest + chunk;
    let start = 0;
    for (let end = text.indexOf('\n', from); end !== -1; end = text.indexOf('\n', from)) {
      const hasReturn = end > start && text.charCodeAt(end - 1) === 13;
      this.#line(text, start, hasReturn ? end - 1 : end);
      start = end + 1;
      from = start;
    }
    if (text.length - start > LINE_LENGTH_MAX) throw new BrokenCall('a line of the stream is too long');
    this.#rest = start === 0 ? text : text.slice(start);
  }

  /** The stream has ended: what was begun is complete. */
  end(): void {
    if (this.#rest !== '') this.#line(this.#rest, 0, this.#rest.length);
    this.#rest = '';
    this.#dispatch();
  }

  #line(text: string, start: number, end: number): void {
    if (start === end) {
      this.#dispatch();
    } else if (text.startsWith('data:', start)) {
      const value = text.slice(afterColon(text, start + 5), end);
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    } else if (text.startsWith('event:', start)) {
      this.#name = text.slice(afterColon(text, start + 6), end);
    }
  }

  #dispatch(): void {
    const data = this.#data;
    const name = this.#name;
    this.#data = undefined;
    this.#name = '';
    if (data !== undefined) this.#onEvent(data, name);
  }
}

function afterColon(text: string, index: number): number {
  return text.charCodeAt(index) === 32 ? index + 1 : index;
}
