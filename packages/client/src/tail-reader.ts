import type { MessageList } from '@parley/contract';
import { pause, pauseAfter } from './attempts.ts';
import { isRetryable, type ParleyError, toParleyError } from './parley-error.ts';
import { withTimeLimit } from './time-limit.ts';

export interface TailReaderParts {
  readonly read: (signal: AbortSignal) => Promise<MessageList>;
  readonly onPage: (page: MessageList) => void;
  /** It is being read or not, or there is another error than before. */
  readonly onChange: () => void;
}

/** Reads the newest page of a chat, for as long as it takes. */
export class TailReader {
  readonly #parts: TailReaderParts;
  #reading: AbortController | undefined;
  /** Why it could not be read the last time. */
  error: ParleyError | undefined;

  constructor(parts: TailReaderParts) {
    this.#parts = parts;
  }

  get isReading(): boolean {
    return this.#reading !== undefined;
  }

  /** A page that is being read by now was asked for too early. */
  readAnew(): void {
    this.cancel();
    const reading = new AbortController();
    this.#reading = reading;
    void this.#read(reading.signal);
  }

  cancel(): void {
    this.#reading?.abort();
    this.#reading = undefined;
    this.error = undefined;
  }

  async #read(signal: AbortSignal): Promise<void> {
    for (let failures = 1; ; failures++) {
      try {
        const page = await withTimeLimit(signal, this.#parts.read);
        if (signal.aborted) return;
        this.#end(undefined);
        return this.#parts.onPage(page);
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toParleyError(thrown);
        if (!isRetryable(error)) return this.#end(error);
        this.error = error;
        this.#parts.onChange();
        await pause(pauseAfter(error, failures), signal);
        if (signal.aborted) return;
      }
    }
  }

  #end(error: ParleyError | undefined): void {
    this.#reading = undefined;
    this.error = error;
    this.#parts.onChange();
  }
}
