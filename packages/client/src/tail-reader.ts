import type { MessageList } from '@parley/contract';
import { pause, pauseAfter } from './attempts.ts';
import { isRetryable, type ParleyError, toParleyError } from './parley-error.ts';
import { withTimeLimit } from './time-limit.ts';

/** The dependencies of `TailReader`. */
export interface TailReaderDeps {
  readonly read: (signal: AbortSignal) => Promise<MessageList>;
  readonly onPage: (page: MessageList) => void;
  /** Called when a read starts or ends, or when the error changes. */
  readonly onChange: () => void;
}

/** Loads the newest page of a chat and retries transient errors without limit. */
export class TailReader {
  readonly #deps: TailReaderDeps;
  #reading: AbortController | undefined;
  /** The error of the last attempt. */
  error: ParleyError | undefined;

  constructor(deps: TailReaderDeps) {
    this.#deps = deps;
  }

  get isReading(): boolean {
    return this.#reading !== undefined;
  }

  /** Starts a new read and cancels a running one, whose result would be outdated. */
  readAgain(): void {
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
        const page = await withTimeLimit(signal, this.#deps.read);
        if (signal.aborted) return;
        this.#end(undefined);
        return this.#deps.onPage(page);
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toParleyError(thrown);
        if (!isRetryable(error)) return this.#end(error);
        this.error = error;
        this.#deps.onChange();
        await pause(pauseAfter(error, failures), signal);
        if (signal.aborted) return;
      }
    }
  }

  #end(error: ParleyError | undefined): void {
    this.#reading = undefined;
    this.error = error;
    this.#deps.onChange();
  }
}
