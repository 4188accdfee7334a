import type { ChatEvent } from '@parley/contract';
import type { Unsubscribable } from '@trpc/server/observable';
import { backoffMs } from './backoff.ts';
import { type Credentials, refusedPart, type Shown } from './credentials.ts';
import type { Page } from './page.ts';
import type { ChatConnection } from './parley.ts';
import { isRetryable, type ParleyError, toParleyError } from './parley-error.ts';
import type { Timings } from './timings.ts';

/** What is subscribed to, as `parley.trpc.chat.follow.subscribe` takes it. */
type FollowChat = (
  input: { readonly chatId: string; readonly lastEventId?: string },
  observer: {
    onStarted: () => void;
    onData: (told: { readonly id: string; readonly data: ChatEvent }) => void;
    onError: (error: unknown) => void;
    onComplete: () => void;
    onConnectionStateChange: (state: { readonly state: string; readonly error: unknown }) => void;
  },
) => Unsubscribable;

export interface ChatStreamParts {
  readonly chatId: string;
  readonly follow: FollowChat;
  readonly credentials: Credentials;
  readonly page: Page;
  readonly timings: Timings;
  readonly onEvent: (event: ChatEvent) => void;
  /** The connection stands otherwise than before, or the stream cannot be opened, for this reason. */
  readonly onChange: () => void;
}

/** A stream that was cut sooner than this has not lived. */
const LIVED_MS = 5_000;
/**
 * The stream of a chat, kept open: cut anywhere, it goes on after the last event that was told. It connects
 * again itself, rather than leaving that to the event source, which would neither hurry nor slow down.
 */
export class ChatStream {
  readonly #parts: ChatStreamParts;
  #cursor: string | undefined;
  #subscription: Unsubscribable | undefined;
  /** Tells one connection from the next: what a former one still says is not heard. */
  #connection = 0;
  #failures = 0;
  #openedAt = Number.POSITIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  #stopWatching: (() => void) | undefined;
  #wasOnline = true;
  /** What was replaced since it was open the last time. */
  readonly #renewed = new Set<'key' | 'user'>();
  state: ChatConnection = 'paused';
  /** Why it is not open, when that is not the network. */
  error: ParleyError | undefined;

  /** It goes on where it was, whenever it is opened again. */
  get hasCursor(): boolean {
    return this.#cursor !== undefined;
  }

  constructor(parts: ChatStreamParts) {
    this.#parts = parts;
  }

  open(): void {
    if (this.#stopWatching) return;
    const { page } = this.#parts;
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

  /** Another user looks: what was told is told anew, from where it is opened next. */
  startOver(): void {
    this.close();
    this.#cursor = undefined;
    this.error = undefined;
  }

  #connect(state: 'connecting' | 'reconnecting'): void {
    this.#disconnect(state);
    const { chatId, follow, credentials } = this.#parts;
    const connection = this.#connection;
    const heard =
      <Said extends readonly unknown[]>(listener: (...said: Said) => void) =>
      (...said: Said) => {
        if (connection === this.#connection) listener(...said);
      };
    const shown = credentials.current();
    shown.catch(() => undefined);
    this.#timer = setTimeout(() => this.#lost(), this.#parts.timings.streamOpeningMaxMs);
    this.#subscription = follow(
      { chatId, ...(this.#cursor !== undefined && { lastEventId: this.#cursor }) },
      {
        onStarted: heard(() => this.#opened()),
        onData: heard(({ id, data }) => this.#told(id, data)),
        onError: heard((error) => void this.#failed(toParleyError(error), shown, connection)),
        onComplete: heard(() => this.#lost()),
        onConnectionStateChange: heard(({ state: now, error }) => {
          if (now === 'connecting' && error) this.#lost();
        }),
      },
    );
  }

  #opened(): void {
    clearTimeout(this.#timer);
    this.#openedAt = performance.now();
    this.#renewed.clear();
    this.error = undefined;
    this.#become('live');
  }

  #told(cursor: string, event: ChatEvent): void {
    this.#failures = 0;
    this.#cursor = cursor;
    this.#parts.onEvent(event);
    if (event.type === 'chat-deleted') this.close();
  }

  /** The connection is gone, or does not come about: another one, after a pause. */
  #lost(pauseMs?: number): void {
    if (performance.now() - this.#openedAt >= LIVED_MS) this.#failures = 0;
    this.#failures++;
    this.#disconnect('reconnecting');
    // Whoever was told of that may have closed it.
    if (!this.#stopWatching) return;
    this.#timer = setTimeout(
      () => this.#connect('reconnecting'),
      pauseMs ?? backoffMs(this.#failures, this.#parts.timings.firstReconnectMs),
    );
  }

  async #failed(error: ParleyError, shown: Promise<Shown>, connection: number): Promise<void> {
    const part = refusedPart(error.code);
    if (part && !this.#renewed.has(part)) {
      this.#renewed.add(part);
      const { credentials } = this.#parts;
      const next = await shown.then((used) => credentials.renew(part, used)).catch(() => undefined);
      if (connection !== this.#connection) return;
      if (next !== undefined) return this.#connect('reconnecting');
    }
    if (isRetryable(error)) return this.#lost(error.retryAfterMs);
    this.error = error;
    this.#lost(this.#parts.timings.refusedStreamPauseMs);
  }

  #onPageChange(): void {
    const { page } = this.#parts;
    const cameOnline = page.isOnline() && !this.#wasOnline;
    this.#wasOnline = page.isOnline();
    if (page.isHidden()) {
      this.#hiddenTimer ??= setTimeout(() => this.#disconnect('paused'), this.#parts.timings.hiddenMaxMs);
      return;
    }
    clearTimeout(this.#hiddenTimer);
    this.#hiddenTimer = undefined;
    // What was open before the network went may hang for long without a word.
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
    this.#become(state);
  }

  #become(state: ChatConnection): void {
    this.state = state;
    this.#parts.onChange();
  }
}
