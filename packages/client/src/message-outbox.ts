import { pauseAfter } from './attempts.ts';
import { isOfUser } from './credentials.ts';
import { KeptSends } from './kept-sends.ts';
import { Listeners } from './listeners.ts';
import { mintKey } from './mint-key.ts';
import type { Page } from './page.ts';
import type { Outbox } from './parley.ts';
import { isRetryable, type ParleyError, toParleyError } from './parley-error.ts';
import type { Send, SendState, SendStorage } from './send.ts';
import { withTimeLimit } from './time-limit.ts';
import type { Timings } from './timings.ts';

/** What the server says of a message that it accepted. */
interface Acceptance {
  readonly id: string;
  readonly userMessageId: string;
}

export interface OutboxParts {
  /** Delivers a message, under its key. */
  readonly deliver: (send: Send, signal: AbortSignal) => Promise<Acceptance>;
  readonly storage: SendStorage | undefined;
  readonly page: Page;
  readonly timings: Pick<Timings, 'firstResendMs'>;
}

const NONE: readonly Send[] = [];

/** See `Outbox`. A machine on its own: it is told what happens, and sends what can go out. */
export class MessageOutbox implements Outbox {
  readonly #deliver: OutboxParts['deliver'];
  readonly #storage: SendStorage | undefined;
  #kept: KeptSends;
  readonly #page: Page;
  readonly #firstResendMs: number;
  readonly #listeners = new Listeners();
  readonly #closed = new AbortController();
  /** Ends what is underway for one user when another one comes. */
  #visit = new AbortController();
  #isUserKnown = false;
  readonly #stopWatching: () => void;
  /** In the order in which they were sent. */
  readonly #sends = new Map<string, Send>();
  /** Those that an earlier page left: another tab may settle them too. */
  readonly #inherited = new Set<string>();
  /** Those that are on their way at this moment. */
  readonly #underway = new Set<string>();
  readonly #failures = new Map<string, number>();
  /** Chats whose first send waits for its time. */
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #ofChat = new Map<string, readonly Send[]>();
  #wasOnline: boolean;
  #lastMs = 0;

  constructor({ deliver, storage, page, timings }: OutboxParts) {
    this.#firstResendMs = timings.firstResendMs;
    this.#deliver = deliver;
    this.#storage = storage;
    this.#kept = new KeptSends(storage);
    this.#page = page;
    this.#wasOnline = page.isOnline();
    this.#stopWatching = page.onChange(() => this.#onPageChange());
  }

  /**
   * From now on it is this user's, or nobody's in particular where there are no users: what is kept of theirs goes
   * out, what another has sent stays in the storage for them. What was sent before it was known who sends is the
   * first user's to come.
   */
  begin(user: string | undefined): void {
    const own = this.#isUserKnown ? [] : [...this.#sends.values()];
    this.#clear();
    this.#isUserKnown = true;
    this.#kept = new KeptSends(this.#storage, user);
    if (user !== undefined) this.#kept.adopt(new KeptSends(this.#storage));
    this.#load(own);
  }

  /** Nobody's any more, until somebody begins. */
  end(): void {
    this.#clear();
    this.#isUserKnown = false;
    this.#kept = new KeptSends(this.#storage);
    this.#listeners.call();
  }

  /** What this user has sent under another name is theirs under this one. */
  adopt(former: string): void {
    const own = [...this.#sends.values()];
    this.#clear();
    this.#kept.adopt(new KeptSends(this.#storage, former));
    this.#load(own);
  }

  send({ chatId, content }: { readonly chatId: string; readonly content: string }): string {
    const key = mintKey();
    // Strictly increasing: it is what tells their order after a reload.
    this.#lastMs = Math.max(Date.now(), this.#lastMs + 1);
    const createdAt = new Date(this.#lastMs).toISOString();
    const kind = this.#page.isOnline() ? 'sending' : 'offline';
    const send: Send = { key, chatId, content, createdAt, state: { kind } };
    this.#kept.put(send);
    this.#sends.set(key, send);
    this.#changed(chatId);
    this.#pump(chatId);
    return key;
  }

  resend(key: string): void {
    const send = this.#sends.get(key);
    if (!send || send.state.kind === 'accepted' || this.#underway.has(key)) return;
    this.#kept.put(send);
    this.#failures.delete(key);
    this.#set(send, { kind: 'sending' });
    this.#pumpNow(send.chatId);
  }

  discard(key: string): string | undefined {
    const send = this.#sends.get(key);
    if (!send || send.state.kind === 'accepted' || this.#underway.has(key)) return undefined;
    const isFirst = this.#firstToGo(send.chatId)?.key === key;
    this.#remove(send);
    // What is behind it need not wait for its time.
    if (isFirst) this.#pumpNow(send.chatId);
    return send.content;
  }

  sendsOf(chatId: string): readonly Send[] {
    return this.#ofChat.get(chatId) ?? NONE;
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** The transcript holds the message of an accepted send: it is forgotten. */
  settle(key: string): void {
    const send = this.#sends.get(key);
    if (send?.state.kind === 'accepted') this.#remove(send);
  }

  close(): void {
    this.#stopWatching();
    this.#closed.abort();
    this.#visit.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** Forgets all of it; what is kept stays kept. */
  #clear(): void {
    this.#visit.abort();
    this.#visit = new AbortController();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#sends.clear();
    this.#ofChat.clear();
    this.#inherited.clear();
    this.#underway.clear();
    this.#failures.clear();
  }

  /** These, and what is kept, in the order in which they were sent. */
  #load(own: readonly Send[]): void {
    const known = new Set(own.map(({ key }) => key));
    const kept = this.#kept.all().filter(({ key }) => !known.has(key));
    for (const { key } of kept) this.#inherited.add(key);
    // Of two of the same millisecond the one that an earlier page left was first: the sort leaves it there.
    const all = [...kept.map((send): Send => ({ ...send, state: { kind: 'sending' } })), ...own];
    for (const send of all.sort(bySending)) {
      this.#sends.set(send.key, send);
      this.#sort(send.chatId);
    }
    this.#listeners.call();
    for (const chatId of this.#chats()) this.#pump(chatId);
  }

  /** Sends the first of this chat that can go out, unless one is on its way or waits for its time. */
  #pump(chatId: string): void {
    const first = this.#firstToGo(chatId);
    const isBusy = this.sendsOf(chatId).some(({ key }) => this.#underway.has(key));
    if (!first || isBusy || this.#timers.has(chatId) || this.#closed.signal.aborted) return;
    void this.#attempt(first);
  }

  /** The same, without waiting for its time. */
  #pumpNow(chatId: string): void {
    clearTimeout(this.#timers.get(chatId));
    this.#timers.delete(chatId);
    this.#pump(chatId);
  }

  async #attempt(send: Send): Promise<void> {
    const { key, chatId } = send;
    if (this.#inherited.has(key) && !this.#kept.has(key)) {
      // Another tab has settled it.
      this.#remove(send);
      return this.#pump(chatId);
    }
    const { signal } = this.#visit;
    this.#underway.add(key);
    if (send.state.kind !== 'sending' && this.#page.isOnline()) this.#set(send, { kind: 'sending' });
    const state = await this.#outcomeOf(send, signal);
    if (signal.aborted) return;
    this.#underway.delete(key);
    const current = this.#sends.get(key);
    if (!current) return;
    this.#settleAs(current, state);
    this.#pump(chatId);
  }

  async #outcomeOf(send: Send, visit: AbortSignal): Promise<SendState> {
    try {
      const deliver = (signal: AbortSignal) => this.#deliver(send, signal);
      const { id: answerId, userMessageId } = await withTimeLimit(visit, deliver);
      return { kind: 'accepted', userMessageId, answerId };
    } catch (thrown) {
      return this.#stateAfter(send, toParleyError(thrown));
    }
  }

  #stateAfter({ key }: Send, error: ParleyError): SendState {
    // A user whose token is over has not taken back what they sent.
    if (isRetryable(error) || isOfUser(error.code)) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      return {
        kind: 'waiting',
        error,
        retryAt: Date.now() + pauseAfter(error, failures, this.#firstResendMs),
      };
    }
    // A refusal that names the answer is that of an answer: the message itself is in the chat.
    return error.messageId ? { kind: 'accepted', answerId: error.messageId } : { kind: 'refused', error };
  }

  #settleAs(send: Send, state: SendState): void {
    const { key, chatId } = send;
    if (state.kind === 'accepted') this.#kept.remove(key);
    // A chat that is gone takes nothing any more: the text is shown as long as the page is.
    if (state.kind === 'refused' && state.error.code === 'chat_not_found') this.#kept.remove(key);
    if (state.kind === 'waiting') this.#timers.set(chatId, this.#timerUntil(state.retryAt, chatId));
    this.#set(send, this.#isOffline(state) ? { kind: 'offline' } : state);
  }

  #timerUntil(at: number, chatId: string): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#pumpNow(chatId), Math.max(at - Date.now(), 0));
  }

  /** What the device says of its network is for the eye. It is tried all the same: `online` may never come. */
  #isOffline(state: SendState): boolean {
    return state.kind === 'waiting' && state.error.code === 'network' && !this.#page.isOnline();
  }

  /** What waits for the network goes out as soon as there is one; the rest keeps its time. */
  #onPageChange(): void {
    const isOnline = this.#page.isOnline();
    if (isOnline === this.#wasOnline) return;
    this.#wasOnline = isOnline;
    for (const chatId of this.#chats()) {
      const first = this.#firstToGo(chatId);
      const waits = this.sendsOf(chatId).filter(waitsForNetwork);
      for (const send of waits) {
        if (!this.#underway.has(send.key)) this.#set(send, { kind: isOnline ? 'sending' : 'offline' });
      }
      if (isOnline && first && waitsForNetwork(first)) this.#pumpNow(chatId);
    }
  }

  #set(send: Send, state: SendState): void {
    this.#sends.set(send.key, { ...send, state });
    this.#changed(send.chatId);
  }

  #remove({ key, chatId }: Send): void {
    this.#kept.remove(key);
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

  #firstToGo(chatId: string): Send | undefined {
    return this.sendsOf(chatId).find(isToGo);
  }

  #chats(): string[] {
    return [...this.#ofChat.keys()];
  }
}

function bySending(one: Send, other: Send): number {
  return Date.parse(one.createdAt) - Date.parse(other.createdAt);
}

/** Neither accepted nor refused. */
function isToGo({ state: { kind } }: Send): boolean {
  return kind === 'sending' || kind === 'offline' || kind === 'waiting';
}

/** On its way or behind one that is, or to be tried again because nobody was reached. */
function waitsForNetwork({ state }: Send): boolean {
  if (state.kind === 'waiting') return state.error.code === 'network';
  return state.kind === 'sending' || state.kind === 'offline';
}
