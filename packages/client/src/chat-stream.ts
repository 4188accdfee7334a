import type { ChatEvent } from '@parley/contract';
import type { Unsubscribable } from '@trpc/server/observable';
import { backoffMs } from './backoff.ts';
import { type CredentialPair, type Credentials, rejectedCredential } from './credentials.ts';
import type { Page } from './page.ts';
import type { ChatConnection } from './parley.ts';
import { isRetryable, type ParleyError, toParleyError } from './parley-error.ts';
import type { Timings } from './timings.ts';

/** The input of a stream. */
export interface StreamInput {
  readonly parts?: boolean;
  readonly lastEventId?: string;
}

/** Receives the events of a subscription, as tRPC calls it. */
export interface StreamObserver<Event> {
  readonly onStarted: () => void;
  readonly onData: (event: { readonly id: string; readonly data: Event }) => void;
  readonly onError: (error: unknown) => void;
  readonly onComplete: () => void;
  readonly onConnectionStateChange: (state: { readonly state: string; readonly error: unknown }) => void;
}

/** Opens a subscription. */
type Follow<Event> = (input: StreamInput, observer: StreamObserver<Event>) => Unsubscribable;

/** The dependencies of `ChatStream`. */
export interface ChatStreamDeps<Event> {
  readonly follow: Follow<Event>;
  readonly credentials: Credentials;
  readonly page: Page;
  readonly timings: Timings;
  readonly onEvent: (event: Event) => void;
  /** Called when the state of the connection or the error changes. */
  readonly onChange: () => void;
}

/** A connection that lived shorter than this counts as failed. */
const LIVED_MS = 5_000;
/**
 * Keeps the stream of a chat, or of the list of chats, open. After every interruption it continues behind the last received event. It
 * reconnects itself instead of relying on the event source, which neither reconnects at once when the network
 * returns nor backs off.
 */
export class ChatStream<Event extends { readonly type: string } = ChatEvent> {
  readonly #deps: ChatStreamDeps<Event>;
  #cursor: string | undefined;
  #subscription: Unsubscribable | undefined;
  /** Identifies the current connection. Events of earlier connections are ignored. */
  #connection = 0;
  #failures = 0;
  #openedAt = Number.POSITIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  #stopWatching: (() => void) | undefined;
  #wasOnline = true;
  /** The credentials that were renewed since the stream was last open. Each is renewed once. */
  readonly #renewed = new Set<'key' | 'user'>();
  /** False once a server rejected the request for parts: it is of release 0.1.0, and streams text alone. */
  #withParts = true;
  state: ChatConnection = 'paused';
  /** The error that keeps the stream closed, unless it is the network. */
  error: ParleyError | undefined;

  /** True if the stream has received an event and can continue after it. */
  get hasCursor(): boolean {
    return this.#cursor !== undefined;
  }

  constructor(deps: ChatStreamDeps<Event>) {
    this.#deps = deps;
  }

  open(): void {
    if (this.#stopWatching) return;
    const { page } = this.#deps;
    this.#wasOnline = page.isOnline();
    this.#stopWatching = page.onChange(() => this.#onPageChange());
    this.#failures = 0;
    this.#connect('connecting');
    this.#onPageChange();
  }

  close(): void {
    if (!this.#stopWatching) return;
    this.#stopWatching();
    this.#stopWatching = undefined;
    clearTimeout(this.#hiddenTimer);
    this.#hiddenTimer = undefined;
    this.#disconnect('paused');
  }

  /** Opens the connection again, so that it can take up the list of chats. */
  reopen(): void {
    if (this.#subscription) this.#connect('reconnecting');
  }

  /** Forgets the position, so that the next `open` starts from the beginning for another user. */
  reset(): void {
    this.close();
    this.#cursor = undefined;
    this.error = undefined;
  }

  #connect(state: 'connecting' | 'reconnecting'): void {
    this.#disconnect(state);
    const { follow, credentials } = this.#deps;
    const connection = this.#connection;
    const ifCurrent =
      <Args extends readonly unknown[]>(listener: (...args: Args) => void) =>
      (...args: Args) => {
        if (connection === this.#connection) listener(...args);
      };
    const shown = credentials.current();
    shown.catch(() => undefined);
    this.#timer = setTimeout(() => this.#reconnectLater(), this.#deps.timings.streamOpeningMaxMs);
    this.#subscription = follow(
      {
        ...(this.#withParts && { parts: true }),
        ...(this.#cursor !== undefined && { lastEventId: this.#cursor }),
      },
      {
        onStarted: ifCurrent(() => this.#opened()),
        onData: ifCurrent(({ id, data }) => this.#received(id, data)),
        onError: ifCurrent((error) => void this.#failed(toParleyError(error), shown, connection)),
        onComplete: ifCurrent(() => this.#reconnectLater()),
        onConnectionStateChange: ifCurrent(({ state: now, error }) => {
          if (now === 'connecting' && error) this.#reconnectLater();
        }),
      },
    );
  }

  #opened(): void {
    clearTimeout(this.#timer);
    this.#openedAt = performance.now();
    this.#renewed.clear();
    this.error = undefined;
    this.#setState('live');
  }

  #received(cursor: string, event: Event): void {
    this.#failures = 0;
    this.#cursor = cursor;
    this.#deps.onEvent(event);
    if (event.type === 'chat-deleted') this.close();
  }

  /** Closes the failed connection and opens another one after a pause. */
  #reconnectLater(pauseMs?: number): void {
    if (performance.now() - this.#openedAt >= LIVED_MS) this.#failures = 0;
    this.#failures++;
    this.#disconnect('reconnecting');
    // A listener may have closed the stream.
    if (!this.#stopWatching) return;
    this.#timer = setTimeout(
      () => this.#connect('reconnecting'),
      pauseMs ?? backoffMs(this.#failures, this.#deps.timings.firstReconnectMs),
    );
  }

  async #failed(error: ParleyError, shown: Promise<CredentialPair>, connection: number): Promise<void> {
    const part = rejectedCredential(error.code);
    if (part && !this.#renewed.has(part)) {
      this.#renewed.add(part);
      const { credentials } = this.#deps;
      const next = await shown.then((used) => credentials.renew(part, used)).catch(() => undefined);
      if (connection !== this.#connection) return;
      if (next !== undefined) return this.#connect('reconnecting');
    }
    if (error.code === 'invalid_input' && this.#withParts) {
      this.#withParts = false;
      return this.#connect('reconnecting');
    }
    if (isRetryable(error)) return this.#reconnectLater(error.retryAfterMs);
    this.error = error;
    this.#reconnectLater(this.#deps.timings.permanentErrorPauseMs);
  }

  #onPageChange(): void {
    const { page } = this.#deps;
    const cameOnline = page.isOnline() && !this.#wasOnline;
    this.#wasOnline = page.isOnline();
    if (page.isHidden()) {
      this.#hiddenTimer ??= setTimeout(() => this.#disconnect('paused'), this.#deps.timings.hiddenMaxMs);
      return;
    }
    clearTimeout(this.#hiddenTimer);
    this.#hiddenTimer = undefined;
    // A connection that was open before the network failed may hang without an error.
    if (cameOnline || this.state === 'paused' || this.state === 'reconnecting') {
      this.#failures = 0;
      this.#connect('reconnecting');
    }
  }

  #disconnect(state: ChatConnection): void {
    this.#connection++;
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.#openedAt = Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
    this.#setState(state);
  }

  #setState(state: ChatConnection): void {
    this.state = state;
    this.#deps.onChange();
  }
}
