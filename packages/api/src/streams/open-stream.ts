import { ApiError, type ErrorCode } from '@parley/contract';
import type { StreamCredentials, Verdict } from './judge-credentials.ts';

/**
 * `chat`: a stream without an end of its own. `answer`: the stream of one answer, which may go on to that answer's
 * end when the token it was opened with expires, but not when it is withdrawn.
 */
export type StreamKind = 'chat' | 'answer';

/** One open stream: ended by its reader, by its source, or because its credentials are no longer good. */
export class OpenStream {
  readonly kind: StreamKind;
  readonly credentials: StreamCredentials;
  verdict: Verdict = {};
  /** When its credentials were good for the last time, by the monotonic clock. */
  checkedAt: number;
  /** Whether its credentials were read since it was opened. */
  isChecked = false;
  readonly #stop = new AbortController();
  readonly #onClose: (stream: OpenStream) => void;
  readonly #recheck: (stream: OpenStream) => Promise<void>;
  #apiError: ApiError | undefined;
  #interrupt: ((apiError: ApiError) => void) | undefined;
  #isOpen = true;

  constructor(
    { kind, credentials, now }: { kind: StreamKind; credentials: StreamCredentials; now: number },
    onClose: (stream: OpenStream) => void,
    recheck: (stream: OpenStream) => Promise<void>,
  ) {
    this.kind = kind;
    this.credentials = credentials;
    this.checkedAt = now;
    this.#onClose = onClose;
    this.#recheck = recheck;
  }

  /** Aborts when nobody reads any more, or may: what feeds the stream ends then. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Ends the stream for its reader, with the reason; at once, whatever its source waits for. */
  end(code: ErrorCode): void {
    if (!this.#isOpen) return;
    this.#apiError = new ApiError(code);
    this.close();
    this.#interrupt?.(this.#apiError);
  }

  /**
   * Reads the stream's credentials now, and ends it if they are no longer good. Call it before the stream says that its
   * chat is gone: a chat also leaves its caller's reach because the caller lost it, and then that is the reason.
   */
  async confirm(): Promise<void> {
    if (this.#isOpen) await this.#recheck(this);
  }

  /** Gives its place back. Repeatable. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#onClose(this);
    this.#stop.abort(this);
  }

  /**
   * The events of `source` for as long as the stream may be read.
   *
   * @throws ApiError the reason why it was ended
   */
  async *guard<Event>(
    source: AsyncGenerator<Event, void, undefined>,
  ): AsyncGenerator<Event, void, undefined> {
    try {
      for (;;) {
        const next = await this.#orEnded(this.#nextOf(source));
        if (this.#apiError) throw this.#apiError;
        if (next.done) return;
        yield next.value;
      }
    } finally {
      this.close();
      const returned = source.return();
      // A source that waits for the database must not delay what its reader is told.
      if (this.#apiError) returned.catch(() => undefined);
      else await returned;
    }
  }

  async #nextOf<Event>(source: AsyncGenerator<Event, void, undefined>): Promise<IteratorResult<Event, void>> {
    try {
      return await source.next();
    } catch (error) {
      if (error instanceof ApiError && error.code === 'chat_not_found') await this.confirm();
      throw error;
    }
  }

  /** One listener for the step that is awaited: a race with a promise for the whole life would keep one of each. */
  #orEnded<Result>(step: Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#interrupt = reject;
      if (this.#apiError) reject(this.#apiError);
      step.then(resolve, reject);
    });
  }
}
