import { ApiError, type ErrorCode } from '@parley/contract';
import { toTrpcError } from '../api-error-of.ts';
import type { StreamCredentials, Verdict } from './judge-credentials.ts';

/**
 * `chat`: a stream without an end of its own. `answer`: the stream of one answer, which may continue to the end of
 * the answer after its token has expired, but not after it was revoked.
 */
export type StreamKind = 'chat' | 'answer';

/**
 * One open stream, or one request that waits for its answer. Its reader, its source, or invalid credentials end it.
 */
export class OpenStream {
  readonly kind: StreamKind;
  readonly credentials: StreamCredentials;
  verdict: Verdict = {};
  /** The last time at which its credentials were valid, by the monotonic clock. */
  checkedAt: number;
  /** Whether its credentials were read since it was opened. */
  isChecked = false;
  readonly #stop = new AbortController();
  readonly #onClose: (stream: OpenStream) => void;
  readonly #recheck: (stream: OpenStream) => Promise<void>;
  #apiError: ApiError | undefined;
  #interrupt: ((apiError: ApiError) => void) | undefined;
  #isOpen = true;
  #isGuarded = false;

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

  /** Aborts when the stream ends, for the source of its events. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Ends the stream for its reader with this error, at once, even if its source is still waiting. */
  end(code: ErrorCode): void {
    if (!this.#isOpen) return;
    this.#apiError = new ApiError(code);
    this.close();
    this.#interrupt?.(this.#apiError);
  }

  /**
   * Reads the credentials now, and ends the stream if they are no longer valid. Call it before the stream says that
   * its chat was deleted: if the caller lost access to the chat, that is the reason to report.
   */
  async confirm(): Promise<void> {
    if (this.#isOpen) await this.#recheck(this);
  }

  /** @throws ApiError the reason if invalid credentials ended it, with the id of the answer */
  throwIfEnded(messageId: string | undefined): void {
    if (!this.#apiError) return;
    throw new ApiError(this.#apiError.code, messageId === undefined ? {} : { messageId });
  }

  /** Removes the stream from the open ones. It can be repeated. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#onClose(this);
    this.#stop.abort(this);
  }

  /** Whether its events are guarded: a stream that is not would outlive its credentials. */
  get isGuarded(): boolean {
    return this.#isGuarded;
  }

  /**
   * Yields the events of `source` until the stream ends, each as `toEvent` converts it. Skips those for which it returns
   * undefined.
   *
   * @throws TRPCError with the ApiError that ended the stream
   */
  guard<Item, Event>(
    source: AsyncGenerator<Item, void, undefined>,
    toEvent: (item: Item) => Event | undefined | Promise<Event | undefined>,
  ): AsyncGenerator<Event, void, undefined> {
    this.#isGuarded = true;
    return this.#eventsOf(source, toEvent);
  }

  async *#eventsOf<Item, Event>(
    source: AsyncGenerator<Item, void, undefined>,
    toEvent: (item: Item) => Event | undefined | Promise<Event | undefined>,
  ): AsyncGenerator<Event, void, undefined> {
    try {
      for (;;) {
        const next = await this.#orEnded(source.next());
        if (this.#apiError) throw this.#apiError;
        if (next.done) return;
        const converted = toEvent(next.value);
        const event = converted instanceof Promise ? await this.#orEnded(converted) : converted;
        if (this.#apiError) throw this.#apiError;
        if (event !== undefined) yield event;
      }
    } catch (error) {
      throw await this.#reasonOf(error);
    } finally {
      this.close();
      const returned = source.return();
      // A source that waits for the database must not delay the error for its reader.
      if (this.#apiError) returned.catch(() => undefined);
      else await returned;
    }
  }

  /** The error of a step for the reader. A chat that is not found may be out of reach for withdrawn credentials. */
  async #reasonOf(error: unknown): Promise<unknown> {
    const isNotFound = error instanceof ApiError && error.code === 'chat_not_found';
    // It never rejects by itself, and `end` interrupts it.
    if (isNotFound) await this.#orEnded(this.confirm()).catch(() => undefined);
    const reason = this.#apiError ?? error;
    return reason instanceof ApiError ? toTrpcError(reason) : reason;
  }

  /**
   * Adds a listener for one step only. A race with a promise for the whole life of the stream would keep one for
   * each step.
   */
  #orEnded<Result>(step: Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#interrupt = reject;
      if (this.#apiError) reject(this.#apiError);
      step.then(resolve, reject);
    });
  }
}
