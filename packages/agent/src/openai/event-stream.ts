import { BrokenCall } from './broken-call.ts';

/**
 * Longer than the longest answer in one event with all characters escaped. A longer line does not belong to an event
 * stream.
 */
const LINE_LENGTH_MAX = 4 * 1024 * 1024;

/** Receives the data of one event and its name (empty if the server sent none). */
type OnEvent = (data: string, name: string) => void;

/**
 * Splits a stream of text into server-sent events. It tolerates deviations: no space after the colon, any line ends,
 * single line ends between events, errors in a field `error` or as JSON without a field, a last event without its
 * blank line.
 */
export class EventStream {
  readonly #onEvent: OnEvent;
  #rest = '';
  #data: string | undefined;
  #name = '';
  /** The last read ended with a carriage return: a line feed at the start of the next read belongs to it. */
  #hasReturnBefore = false;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  /** @throws BrokenCall when a line exceeds 4 Mi characters; errors of `onEvent` */
  push(read: string): void {
    const chunk = this.#withLineFeeds(read);
    let from = this.#rest.length;
    const text = from === 0 ? chunk : this.#rest + chunk;
    let start = 0;
    for (let end = text.indexOf('\n', from); end !== -1; end = text.indexOf('\n', from)) {
      this.#line(text, start, end);
      start = end + 1;
      from = start;
    }
    if (text.length - start > LINE_LENGTH_MAX) throw new BrokenCall('a line of the stream is too long');
    this.#rest = start === 0 ? text : text.slice(start);
  }

  /** The stream has ended, so the last event is complete. */
  end(): void {
    if (this.#rest !== '') this.#line(this.#rest, 0, this.#rest.length);
    this.#rest = '';
    this.#dispatch();
  }

  /** Carriage returns end lines too, alone or before a line feed; JSON contains none. */
  #withLineFeeds(read: string): string {
    const isSecondHalf = this.#hasReturnBefore && read.startsWith('\n');
    const chunk = isSecondHalf ? read.slice(1) : read;
    if (read !== '') this.#hasReturnBefore = read.endsWith('\r');
    return chunk.includes('\r') ? chunk.replace(/\r\n?/g, '\n') : chunk;
  }

  #line(text: string, start: number, end: number): void {
    if (start === end) {
      this.#dispatch();
    } else if (text.startsWith('data:', start)) {
      this.#takeData(text.slice(afterColon(text, start + 5), end));
    } else if (text.startsWith('event:', start)) {
      this.#name = text.slice(afterColon(text, start + 6), end);
    } else if (text.startsWith('error:', start)) {
      this.#dispatch();
      this.#onEvent(text.slice(afterColon(text, start + 6), end), 'error');
    } else if (text.startsWith('{', start)) {
      this.#dispatch();
      this.#onEvent(text.slice(start, end), '');
    }
  }

  #takeData(value: string): void {
    if (this.#data === undefined) {
      this.#data = value;
    } else if (isWholeJson(this.#data)) {
      // The server leaves out the blank lines between events.
      this.#dispatch();
      this.#data = value;
    } else {
      this.#data = `${this.#data}\n${value}`;
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

function isWholeJson(text: string): boolean {
  if (!text.endsWith('}') && !text.endsWith(']')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
