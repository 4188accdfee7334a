import type { ChatEvent } from '@parley/contract';
import { retryAnswer, stopAnswer } from './answer-actions.ts';
import { attempt } from './attempts.ts';
import { ChatStream } from './chat-stream.ts';
import { isClaimed } from './claims.ts';
import type { Credentials } from './credentials.ts';
import { Listeners } from './listeners.ts';
import type { MessageOutbox } from './message-outbox.ts';
import type { Page } from './page.ts';
import type { ChatView, FollowedChat, Parley } from './parley.ts';
import { isRetryable, type ParleyError, toParleyError } from './parley-error.ts';
import { readPage } from './read-page.ts';
import { TailReader } from './tail-reader.ts';
import type { Timings } from './timings.ts';
import { runningAnswer, toTranscript } from './to-transcript.ts';
import type { TranscriptEntry } from './transcript-entry.ts';
import {
  emptyTranscript,
  knowsAnswer,
  type TranscriptEvent,
  type TranscriptState,
  transcriptReducer,
} from './transcript-reducer.ts';

export interface LiveChatParts {
  readonly trpc: Parley['trpc'];
  readonly credentials: Credentials;
  readonly outbox: MessageOutbox;
  readonly page: Page;
  readonly timings: Timings;
}

/** See `FollowedChat`: the stream, the pages and the outbox of one chat, brought together in its transcript. */
export class LiveChat implements FollowedChat {
  readonly chatId: string;
  readonly #parts: LiveChatParts;
  readonly #listeners = new Listeners();
  #closed = new AbortController();
  readonly #stream: ChatStream;
  readonly #tail: TailReader;
  readonly #retries = new Map<string, Promise<void>>();
  /** Sends whose messages were not told in time, and were looked for in the list. */
  readonly #lookedFor = new Set<string>();
  #state: TranscriptState = emptyTranscript;
  #shown: { readonly state: TranscriptState; readonly entries: readonly TranscriptEntry[] } | undefined;
  #view: ChatView | undefined;
  #olderRead: Promise<void> | undefined;
  #olderError: ParleyError | undefined;
  #isOpen = false;
  #stopSends: () => void = () => undefined;
  #dropFrame: (() => void) | undefined;
  #graceTimer: ReturnType<typeof setTimeout> | undefined;
  #toldTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(chatId: string, parts: LiveChatParts) {
    const { trpc, credentials, page, timings } = parts;
    this.chatId = chatId;
    this.#parts = parts;
    const list = trpc.message.list.query;
    this.#tail = new TailReader({
      read: (signal) => readPage(list, chatId, undefined, signal),
      onPage: (read) => this.#dispatch({ type: 'tail-page', page: read }),
      onChange: () => this.#onTailChange(),
    });
    this.#stream = new ChatStream({
      chatId,
      follow: trpc.chat.follow.subscribe,
      credentials,
      page,
      timings,
      onEvent: (event) => this.#onEvent(event),
      onChange: () => this.#onStreamChange(),
    });
  }

  /** Somebody looks, or did a moment ago. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  view(): ChatView {
    // Nobody is told of changes while nobody looks.
    if (this.#listeners.size === 0) {
      this.#takeSends();
      if (this.#dropFrame) this.#refresh();
    }
    this.#view ??= this.#build();
    return this.#view;
  }

  subscribe(listener: () => void): () => void {
    const remove = this.#listeners.add(listener);
    clearTimeout(this.#graceTimer);
    this.#open();
    return () => {
      remove();
      if (this.#listeners.size > 0) return;
      clearTimeout(this.#graceTimer);
      this.#graceTimer = setTimeout(() => this.#close(), this.#parts.timings.closeGraceMs);
    };
  }

  loadOlder(): Promise<void> {
    const { olderCursor } = this.#state;
    if (!olderCursor) return Promise.resolve();
    if (this.#olderRead) return this.#olderRead;
    const reading = this.#readOlder(olderCursor, this.#closed.signal).finally(() => {
      if (this.#olderRead !== reading) return;
      this.#olderRead = undefined;
      this.#changed();
    });
    this.#olderRead = reading;
    this.#changed();
    return reading;
  }

  async stop(messageId: string): Promise<void> {
    const { chatId } = this;
    const answer = await stopAnswer(this.#parts.trpc, { chatId, messageId }, this.#closed.signal);
    this.#dispatch({ type: 'cancel-answered', answer });
  }

  retry(messageId: string): Promise<void> {
    const known = this.#retries.get(messageId);
    if (known) return known;
    const running = this.#retry(messageId).finally(() => this.#retries.delete(messageId));
    this.#retries.set(messageId, running);
    return running;
  }

  /** Somebody else looks from now on: nothing is known, and all that is underway is given up. */
  startOver(): void {
    this.#closed.abort();
    this.#closed = new AbortController();
    this.#tail.cancel();
    this.#stream.startOver();
    this.#retries.clear();
    this.#lookedFor.clear();
    this.#olderRead = undefined;
    this.#olderError = undefined;
    this.#state = emptyTranscript;
    this.#takeSends();
    if (this.#isOpen) this.#stream.open();
    // What the former one saw must not stand until the next picture.
    this.#refresh();
    this.#listeners.call();
  }

  /** For good. */
  close(): void {
    this.#closed.abort();
    this.#close();
  }

  #open(): void {
    if (this.#isOpen || this.#closed.signal.aborted) return;
    this.#isOpen = true;
    this.#stopSends = this.#parts.outbox.subscribe(() => this.#takeSends());
    this.#takeSends();
    if (!this.#state.isDeleted) this.#stream.open();
  }

  #close(): void {
    this.#isOpen = false;
    clearTimeout(this.#graceTimer);
    clearTimeout(this.#toldTimer);
    this.#toldTimer = undefined;
    this.#stopSends();
    this.#tail.cancel();
    this.#stream.close();
  }

  #onEvent(event: ChatEvent): void {
    this.#dispatch(event);
    // What happens while the list is read is told by both, and known by its id.
    if (event.type === 'chat-followed' || event.type === 'chat-snapshot') this.#tail.readAnew();
    if (event.type === 'answer-ended' && !knowsAnswer(this.#state, event.messageId)) this.#missed();
  }

  /** Something happened that was not told: the list tells it. */
  #missed(): void {
    this.#dispatch({ type: 'gap' });
    this.#tail.readAnew();
  }

  #onStreamChange(): void {
    const { state, error } = this.#stream;
    if (error?.code === 'chat_not_found') this.#onGone();
    // Messages can be read where nothing can be followed; and a page may be left to read when one comes back.
    const isUnread = this.#state.olderCursor === undefined || this.#state.gap !== undefined;
    const isIdle = !this.#tail.isReading && !this.#tail.error;
    if (isUnread && isIdle && (state === 'reconnecting' || (state === 'live' && this.#stream.hasCursor))) {
      this.#tail.readAnew();
    }
    this.#changed();
  }

  #onTailChange(): void {
    if (this.#tail.error?.code === 'chat_not_found') this.#onGone();
    this.#changed();
  }

  /** A chat that was there is deleted; one that never was is an error. */
  #onGone(): void {
    if (this.#state.olderCursor !== undefined) this.#dispatch({ type: 'chat-deleted' });
    this.#stream.close();
    this.#changed();
  }

  async #readOlder(cursor: string, closed: AbortSignal): Promise<void> {
    const list = this.#parts.trpc.message.list.query;
    try {
      const read = (signal: AbortSignal) => readPage(list, this.chatId, cursor, signal);
      const page = await attempt(closed, read);
      if (closed.aborted) return;
      this.#olderError = undefined;
      this.#dispatch({ type: 'older-page', page, cursor });
    } catch (error) {
      if (!closed.aborted) this.#olderError = toParleyError(error);
    }
  }

  async #retry(messageId: string): Promise<void> {
    const { chatId } = this;
    const known = this.#state.exchanges.find(({ answer }) => answer?.messageId === messageId);
    const { id, hasEnded } = await retryAnswer(this.#parts.trpc, { chatId, messageId }, this.#closed.signal);
    if (known) this.#dispatch({ type: 'retry-answered', answer: { id, userMessageId: known.userMessageId } });
    if (hasEnded) this.#missed();
  }

  #takeSends(): void {
    const sends = this.#parts.outbox.sendsOf(this.chatId);
    if (sends !== this.#state.sends) this.#dispatch({ type: 'sends-changed', sends });
  }

  #dispatch(event: TranscriptEvent): void {
    const before = this.#state;
    this.#state = transcriptReducer(before, event);
    if (this.#state === before) return;
    this.#settleSends();
    this.#changed();
  }

  /** What the transcript holds the outbox may forget. What it does not hold soon was missed. */
  #settleSends(): void {
    const accepted = this.#state.sends.filter(({ state }) => state.kind === 'accepted');
    const claimed = accepted.filter((send) => isClaimed(this.#state, send));
    for (const { key } of claimed) this.#parts.outbox.settle(key);
    if (claimed.length === accepted.length) {
      clearTimeout(this.#toldTimer);
      this.#toldTimer = undefined;
    } else if (this.#isOpen) {
      this.#toldTimer ??= setTimeout(() => this.#onUntold(), this.#parts.timings.toldMaxMs);
    }
  }

  #onUntold(): void {
    this.#toldTimer = undefined;
    const untold = this.#state.sends.filter(
      (send) => send.state.kind === 'accepted' && !isClaimed(this.#state, send),
    );
    const isNew = untold.some(({ key }) => !this.#lookedFor.has(key));
    // What the newest page does not hold either stands on an older one.
    for (const { key } of untold) {
      if (this.#lookedFor.has(key)) this.#parts.outbox.settle(key);
      this.#lookedFor.add(key);
    }
    // A stream that is cut tells it when it goes on.
    if (isNew && this.#stream.state === 'live') this.#missed();
  }

  #changed(): void {
    this.#dropFrame ??= this.#parts.page.onNextFrame(() => {
      this.#refresh();
      this.#listeners.call();
    });
  }

  #refresh(): void {
    this.#dropFrame?.();
    this.#dropFrame = undefined;
    this.#view = this.#build();
  }

  #build(): ChatView {
    const state = this.#state;
    if (this.#shown?.state !== state) this.#shown = { state, entries: toTranscript(state) };
    const { entries } = this.#shown;
    const error = this.#tail.error ?? this.#olderError ?? this.#stream.error;
    const isRefused = error !== undefined && !isRetryable(error);
    const running = state.isDeleted ? undefined : runningAnswer(entries);
    return {
      entries,
      isLoading: state.olderCursor === undefined && !isRefused,
      ...(error && !state.isDeleted && { error }),
      hasOlder: typeof state.olderCursor === 'string',
      isLoadingOlder: this.#olderRead !== undefined,
      connection: this.#stream.state,
      isDeleted: state.isDeleted,
      ...(running && { running }),
    };
  }
}
