import { pauseAfter } from './attempts.ts';
import { isUserTokenError } from './credentials.ts';
import { Listeners } from './listeners.ts';
import { mintKey } from './mint-key.ts';
import { OutboxStorage } from './outbox-storage.ts';
import type { Page } from './page.ts';
import type { Outbox } from './parley.ts';
import { isRetryable, type ParleyError, toParleyError } from './parley-error.ts';
import type { Send, SendState, SendStorage } from './send.ts';
import { withTimeLimit } from './time-limit.ts';
import type { Timings } from './timings.ts';

/** The server's response to an accepted message. */
interface Acceptance {
  readonly id: string;
  readonly userMessageId: string;
}

/** The dependencies of `MessageOutbox`. */
export interface OutboxDeps {
  /** Sends a message to the server under its key. */
  readonly deliver: (send: Send, signal: AbortSignal) => Promise<Acceptance>;
  readonly storage: SendStorage | undefined;
  readonly page: Page;
  readonly timings: Pick<Timings, 'firstResendMs'>;
}

const NONE: readonly Send[] = [];

/** Implements `Outbox`. */
export class MessageOutbox implements Outbox {
  readonly #deliver: OutboxDeps['deliver'];
  readonly #storage: SendStorage | undefined;
  #stored: OutboxStorage;
  readonly #page: Page;
  readonly #firstResendMs: number;
  readonly #listeners = new Listeners();
  readonly #closed = new AbortController();
  /** Aborts the running requests of a user when another user takes over. */
  #userAbort = new AbortController();
  #isUserKnown = false;
  readonly #stopWatching: () => void;
  /** In the order of sending. */
  readonly #sends = new Map<string, Send>();
  /** Messages that were loaded from the storage. Another tab may send them too. */
  readonly #fromStorage = new Set<string>();
  /** Messages with a running request. */
  readonly #inFlight = new Set<string>();
  readonly #failures = new Map<string, number>();
  /** Retry timers by chat: while one runs, nothing of the chat is sent. */
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #ofChat = new Map<string, readonly Send[]>();
  #wasOnline: boolean;
  #lastMs = 0;

  constructor({ deliver, storage, page, timings }: OutboxDeps) {
    this.#firstResendMs = timings.firstResendMs;
    this.#deliver = deliver;
    this.#storage = storage;
    this.#stored = new OutboxStorage(storage);
    this.#page = page;
    this.#wasOnline = page.isOnline();
    this.#stopWatching = page.onChange(() => this.#onPageChange());
  }

  /**
   * Sets the current user and sends their stored messages; undefined if the client has no users. Messages of
   * other users stay in the storage. Messages sent before the first user was known belong to that user.
   */
  begin(user: string | undefined): void {
    const own = this.#isUserKnown ? [] : [...this.#sends.values()];
    this.#clear();
    this.#isUserKnown = true;
    this.#stored = new OutboxStorage(this.#storage, user);
    if (user !== undefined) this.#stored.adopt(new OutboxStorage(this.#storage));
    this.#load(own);
  }

  /** Removes the current user. New messages wait until `begin` is called. */
  end(): void {
    this.#clear();
    this.#isUserKnown = false;
    this.#stored = new OutboxStorage(this.#storage);
    this.#listeners.call();
  }

  /** Moves the stored messages of another user id to the current user. */
  adopt(former: string): void {
    const own = [...this.#sends.values()];
    this.#clear();
    this.#stored.adopt(new OutboxStorage(this.#storage, former));
    this.#load(own);
  }

  send({ chatId, content, files = [] }: Parameters<Outbox['send']>[0]): string {
    const key = mintKey();
    // Must increase strictly: it determines the order after a reload.
    this.#lastMs = Math.max(Date.now(), this.#lastMs + 1);
    const createdAt = new Date(this.#lastMs).toISOString();
    const kind = this.#page.isOnline() ? 'sending' : 'offline';
    const named = files.length > 0 && { files };
    const send: Send = { key, chatId, content, ...named, createdAt, state: { kind } };
    this.#stored.put(send);
    this.#sends.set(key, send);
    this.#changed(chatId);
    this.#sendNext(chatId);
    return key;
  }

  resend(key: string): void {
    const send = this.#sends.get(key);
    if (!send || send.state.kind === 'accepted' || this.#inFlight.has(key)) return;
    this.#stored.put(send);
    this.#failures.delete(key);
    this.#set(send, { kind: 'sending' });
    this.#sendNextNow(send.chatId);
  }

  discard(key: string): string | undefined {
    const send = this.#sends.get(key);
    if (!send || send.state.kind === 'accepted' || this.#inFlight.has(key)) return undefined;
    const isFirst = this.#nextToSend(send.chatId)?.key === key;
    this.#remove(send);
    // The next message does not wait for the timer of the removed one.
    if (isFirst) this.#sendNextNow(send.chatId);
    return send.content;
  }

  sendsOf(chatId: string): readonly Send[] {
    return this.#ofChat.get(chatId) ?? NONE;
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Removes an accepted message that the transcript contains. */
  settle(key: string): void {
    const send = this.#sends.get(key);
    if (send?.state.kind === 'accepted') this.#remove(send);
  }

  close(): void {
    this.#stopWatching();
    this.#closed.abort();
    this.#userAbort.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** Clears the memory; the storage keeps its messages. */
  #clear(): void {
    this.#userAbort.abort();
    this.#userAbort = new AbortController();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#sends.clear();
    this.#ofChat.clear();
    this.#fromStorage.clear();
    this.#inFlight.clear();
    this.#failures.clear();
  }

  /** Merges these messages with the stored ones in the order of sending. */
  #load(own: readonly Send[]): void {
    const known = new Set(own.map(({ key }) => key));
    const stored = this.#stored.all().filter(({ key }) => !known.has(key));
    for (const { key } of stored) this.#fromStorage.add(key);
    // Stored messages come first among messages of the same millisecond, because the sort is stable.
    const all = [...stored.map((send): Send => ({ ...send, state: { kind: 'sending' } })), ...own];
    for (const send of all.sort(byCreation)) {
      this.#sends.set(send.key, send);
      this.#sort(send.chatId);
    }
    this.#listeners.call();
    for (const chatId of this.#chats()) this.#sendNext(chatId);
  }

  /** Sends the next message of a chat, unless a request or a retry timer of the chat is running. */
  #sendNext(chatId: string): void {
    const first = this.#nextToSend(chatId);
    const isBusy = this.sendsOf(chatId).some(({ key }) => this.#inFlight.has(key));
    if (!first || isBusy || this.#timers.has(chatId) || this.#closed.signal.aborted) return;
    void this.#attempt(first);
  }

  /** Sends the next message of a chat without waiting for its retry timer. */
  #sendNextNow(chatId: string): void {
    clearTimeout(this.#timers.get(chatId));
    this.#timers.delete(chatId);
    this.#sendNext(chatId);
  }

  async #attempt(send: Send): Promise<void> {
    const { key, chatId } = send;
    if (this.#fromStorage.has(key) && !this.#stored.has(key)) {
      // Another tab has sent or discarded it.
      this.#remove(send);
      return this.#sendNext(chatId);
    }
    const { signal } = this.#userAbort;
    this.#inFlight.add(key);
    if (send.state.kind !== 'sending' && this.#page.isOnline()) this.#set(send, { kind: 'sending' });
    const state = await this.#outcomeOf(send, signal);
    if (signal.aborted) return;
    this.#inFlight.delete(key);
    const current = this.#sends.get(key);
    if (!current) return;
    this.#applyOutcome(current, state);
    this.#sendNext(chatId);
  }

  async #outcomeOf(send: Send, userSignal: AbortSignal): Promise<SendState> {
    try {
      const deliver = (signal: AbortSignal) => this.#deliver(send, signal);
      const { id: answerId, userMessageId } = await withTimeLimit(userSignal, deliver);
      return { kind: 'accepted', userMessageId, answerId };
    } catch (thrown) {
      return this.#stateAfter(send, toParleyError(thrown));
    }
  }

  #stateAfter({ key }: Send, error: ParleyError): SendState {
    // An expired token does not reject the message: it waits for a new token.
    if (isRetryable(error) || isUserTokenError(error.code)) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      return {
        kind: 'waiting',
        error,
        retryAt: Date.now() + pauseAfter(error, failures, this.#firstResendMs),
      };
    }
    // An error with an answer id is the error of that answer: the message itself was accepted.
    return error.messageId ? { kind: 'accepted', answerId: error.messageId } : { kind: 'refused', error };
  }

  #applyOutcome(send: Send, state: SendState): void {
    const { key, chatId } = send;
    if (state.kind === 'accepted') this.#stored.remove(key);
    // The chat is deleted and can never accept the message. It stays visible until the page is closed.
    if (state.kind === 'refused' && state.error.code === 'chat_not_found') this.#stored.remove(key);
    if (state.kind === 'waiting') this.#timers.set(chatId, this.#timerUntil(state.retryAt, chatId));
    this.#set(send, this.#isOffline(state) ? { kind: 'offline' } : state);
  }

  #timerUntil(at: number, chatId: string): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#sendNextNow(chatId), Math.max(at - Date.now(), 0));
  }

  /**
   * The device's network state only changes the displayed state. The message is sent anyway, because the
   * `online` event may never come.
   */
  #isOffline(state: SendState): boolean {
    return state.kind === 'waiting' && state.error.code === 'network' && !this.#page.isOnline();
  }

  /** Sends messages that wait for the network as soon as it is back. Other messages keep their retry time. */
  #onPageChange(): void {
    const isOnline = this.#page.isOnline();
    if (isOnline === this.#wasOnline) return;
    this.#wasOnline = isOnline;
    for (const chatId of this.#chats()) {
      const first = this.#nextToSend(chatId);
      const waits = this.sendsOf(chatId).filter(waitsForNetwork);
      for (const send of waits) {
        if (!this.#inFlight.has(send.key)) this.#set(send, { kind: isOnline ? 'sending' : 'offline' });
      }
      if (isOnline && first && waitsForNetwork(first)) this.#sendNextNow(chatId);
    }
  }

  #set(send: Send, state: SendState): void {
    this.#sends.set(send.key, { ...send, state });
    this.#changed(send.chatId);
  }

  #remove({ key, chatId }: Send): void {
    this.#stored.remove(key);
    this.#sends.delete(key);
    this.#failures.delete(key);
    this.#changed(chatId);
  }

  #changed(chatId: string): void {
    this.#sort(chatId);
    this.#listeners.call();
  }

  #sort(chatId: string): void {
    const sends = [...this.#sends.values()].filter((send) => send.chatId === chatId);
    if (sends.length > 0) this.#ofChat.set(chatId, sends);
    else this.#ofChat.delete(chatId);
  }

  #nextToSend(chatId: string): Send | undefined {
    return this.sendsOf(chatId).find(isUnsettled);
  }

  #chats(): string[] {
    return [...this.#ofChat.keys()];
  }
}

function byCreation(one: Send, other: Send): number {
  return Date.parse(one.createdAt) - Date.parse(other.createdAt);
}

/** Checks whether a message is neither accepted nor rejected. */
function isUnsettled({ state: { kind } }: Send): boolean {
  return kind === 'sending' || kind === 'offline' || kind === 'waiting';
}

/** Checks whether a message would be sent if the network were back. */
function waitsForNetwork({ state }: Send): boolean {
  if (state.kind === 'waiting') return state.error.code === 'network';
  return state.kind === 'sending' || state.kind === 'offline';
}
