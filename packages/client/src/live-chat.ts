import type { ChatEvent, Feedback } from '@parley/contract';
import { choosePath, rateAnswer, replaceMessage, retryAnswer, stopAnswer } from './answer-actions.ts';
import { attempt } from './attempts.ts';
import { ChatStream } from './chat-stream.ts';
import type { Credentials } from './credentials.ts';
import { Listeners } from './listeners.ts';
import type { LiveList } from './live-list.ts';
import type { MessageOutbox } from './message-outbox.ts';
import { isMatched } from './optimistic-match.ts';
import type { Page } from './page.ts';
import type { ChatView, FollowedChat, Parley } from './parley.ts';
import { isRetryable, type ParleyError, toParleyError } from './parley-error.ts';
import { PAGE_MESSAGES, readPage } from './read-page.ts';
import { TailReader } from './tail-reader.ts';
import type { Timings } from './timings.ts';
import { runningAnswer, toTranscript } from './to-transcript.ts';
import type { TranscriptEntry } from './transcript-entry.ts';
import { knowsAnswer, showsMessage, type TranscriptEvent, transcriptReducer } from './transcript-reducer.ts';
import { emptyTranscript, type TranscriptState } from './transcript-state.ts';

/** The dependencies of `LiveChat`. */
export interface LiveChatDeps {
  readonly trpc: Parley['trpc'];
  readonly credentials: Credentials;
  readonly outbox: MessageOutbox;
  readonly page: Page;
  readonly timings: Timings;
  readonly list: Pick<LiveList, 'followChat'>;
}

/** A message may be thousands of messages back. */
const BACK_PAGE_MESSAGES = 500;

/** The ratings of an answer that are being sent, one after the other. */
interface Ratings {
  /** The rating that the server has. */
  saved: Feedback | undefined;
  newest: Promise<void>;
}

/**
 * Implements `FollowedChat`: combines the stream, the message pages and the outbox of a chat into one
 * transcript.
 */
export class LiveChat implements FollowedChat {
  readonly chatId: string;
  readonly #deps: LiveChatDeps;
  readonly #listeners = new Listeners();
  #closed = new AbortController();
  readonly #stream: ChatStream;
  readonly #tail: TailReader;
  readonly #retries = new Map<string, Promise<void>>();
  /** The answers whose rating is being sent. */
  readonly #ratings = new Map<string, Ratings>();
  /** Accepted sends that the stream did not report in time and that the message list was reloaded for. */
  readonly #searched = new Set<string>();
  #state: TranscriptState = emptyTranscript;
  #shown: { readonly state: TranscriptState; readonly entries: readonly TranscriptEntry[] } | undefined;
  #view: ChatView | undefined;
  #olderRead: Promise<void> | undefined;
  #olderError: ParleyError | undefined;
  /** Pages that were requested before a snapshot may be of another path. */
  #snapshots = 0;
  #isOpen = false;
  #stopSends: () => void = () => undefined;
  #dropFrame: (() => void) | undefined;
  #graceTimer: ReturnType<typeof setTimeout> | undefined;
  #reportTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(chatId: string, deps: LiveChatDeps) {
    const { trpc, credentials, page, timings, list: chatList } = deps;
    this.chatId = chatId;
    this.#deps = deps;
    const list = trpc.message.list.query;
    this.#tail = new TailReader({
      read: (signal) => readPage(list, chatId, undefined, signal, this.#tailSize()),
      onPage: (read) => this.#dispatch({ type: 'tail-page', page: read }),
      onChange: () => this.#onTailChange(),
    });
    this.#stream = new ChatStream({
      follow: (input, observer) => chatList.followChat({ chatId, ...input }, observer),
      credentials,
      page,
      timings,
      onEvent: (event) => this.#onEvent(event),
      onChange: () => this.#onStreamChange(),
    });
  }

  /** True while the chat has subscribers, and shortly after. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Opens the stream again, if it is open. Returns whether it is. */
  reopenStream(): boolean {
    const isLive = this.#stream.state === 'live' || this.#stream.state === 'connecting';
    if (isLive) this.#stream.reopen();
    return isLive;
  }

  view(): ChatView {
    // Without subscribers no frame updates the view, so update it here.
    if (this.#listeners.size === 0) {
      this.#syncSends();
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
      this.#graceTimer = setTimeout(() => this.#close(), this.#deps.timings.closeGraceMs);
    };
  }

  loadOlder(): Promise<void> {
    return this.#loadOlder();
  }

  async loadBackTo(messageId: string): Promise<boolean> {
    const { signal } = this.#closed;
    while (!signal.aborted && !showsMessage(this.#state, messageId)) {
      const { olderCursor, exchanges } = this.#state;
      const oldest = exchanges[0]?.userMessageId;
      // Ids sort by age, so older pages have only smaller ones.
      if (!olderCursor || (oldest !== undefined && oldest < messageId)) return false;
      await this.#loadOlder(BACK_PAGE_MESSAGES);
      if (this.#state.olderCursor === olderCursor) return false;
    }
    return !signal.aborted;
  }

  #loadOlder(size?: number): Promise<void> {
    const { olderCursor } = this.#state;
    if (!olderCursor) return Promise.resolve();
    if (this.#olderRead) return this.#olderRead;
    const reading = this.#readOlder(olderCursor, this.#closed.signal, size).finally(() => {
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
    const answer = await stopAnswer(this.#deps.trpc, { chatId, messageId }, this.#closed.signal);
    this.#dispatch({ type: 'cancel-answered', answer });
  }

  retry(messageId: string): Promise<void> {
    const known = this.#retries.get(messageId);
    if (known) return known;
    const running = this.#retry(messageId).finally(() => this.#retries.delete(messageId));
    this.#retries.set(messageId, running);
    return running;
  }

  async replace(messageId: string, content: string): Promise<void> {
    const { chatId } = this;
    await replaceMessage(this.#deps.trpc, { chatId, messageId, content }, this.#closed.signal);
  }

  async choosePath(messageId: string): Promise<void> {
    await choosePath(this.#deps.trpc, { chatId: this.chatId, messageId }, this.#closed.signal);
  }

  rate(messageId: string, feedback: Feedback | undefined): Promise<void> {
    const ratings = this.#ratings.get(messageId) ?? {
      saved: this.#feedbackOn(messageId),
      newest: Promise.resolve(),
    };
    this.#ratings.set(messageId, ratings);
    this.#dispatch({ type: 'feedback-changed', messageId, feedback });
    const rating = ratings.newest.catch(() => undefined).then(() => this.#rate(messageId, feedback, ratings));
    ratings.newest = rating;
    const forget = () => {
      if (ratings.newest === rating) this.#ratings.delete(messageId);
    };
    rating.then(forget, forget);
    return rating;
  }

  async #rate(messageId: string, feedback: Feedback | undefined, ratings: Ratings): Promise<void> {
    const { signal } = this.#closed;
    try {
      await rateAnswer(this.#deps.trpc, { chatId: this.chatId, messageId }, feedback, signal);
      ratings.saved = feedback;
    } catch (error) {
      // Unless a newer rating is shown already.
      if (!signal.aborted && this.#feedbackOn(messageId) === feedback)
        this.#dispatch({ type: 'feedback-changed', messageId, feedback: ratings.saved });
      throw error;
    }
  }

  #feedbackOn(messageId: string): Feedback | undefined {
    return this.#state.exchanges.find(({ answer }) => answer?.messageId === messageId)?.answer?.feedback;
  }

  /** Clears the transcript and aborts all running work when the user changes. */
  reset(): void {
    this.#closed.abort();
    this.#closed = new AbortController();
    this.#tail.cancel();
    this.#stream.reset();
    this.#retries.clear();
    this.#ratings.clear();
    this.#searched.clear();
    this.#olderRead = undefined;
    this.#olderError = undefined;
    this.#state = emptyTranscript;
    this.#syncSends();
    if (this.#isOpen) this.#stream.open();
    // Notify at once: the former user's messages must not stay visible until the next frame.
    this.#refresh();
    this.#listeners.call();
  }

  /** Closes the chat permanently. */
  close(): void {
    this.#closed.abort();
    this.#close();
  }

  #open(): void {
    if (this.#isOpen || this.#closed.signal.aborted) return;
    this.#isOpen = true;
    this.#stopSends = this.#deps.outbox.subscribe(() => this.#syncSends());
    this.#syncSends();
    if (!this.#state.isDeleted) this.#stream.open();
  }

  #close(): void {
    this.#isOpen = false;
    clearTimeout(this.#graceTimer);
    clearTimeout(this.#reportTimer);
    this.#reportTimer = undefined;
    this.#stopSends();
    this.#tail.cancel();
    this.#stream.close();
  }

  /** A replacement reaches back as far as what it replaces, so that the view does not jump. */
  #tailSize(): number | undefined {
    const { replacement, exchanges } = this.#state;
    return replacement && Math.min(Math.max(2 * exchanges.length, PAGE_MESSAGES), BACK_PAGE_MESSAGES);
  }

  #onEvent(event: ChatEvent): void {
    if (event.type === 'chat-snapshot') this.#snapshots++;
    this.#dispatch(event);
    // Messages that arrive while the list loads are in both; they are merged by id.
    if (event.type === 'chat-followed' || event.type === 'chat-snapshot') this.#tail.readAgain();
    // The event of a retry does not contain the other versions.
    if (event.type === 'message-accepted' && !event.message) this.#reloadAfterGap();
    if (
      event.type === 'answer-ended' &&
      !knowsAnswer(this.#state.replacement ?? this.#state, event.messageId)
    )
      this.#reloadAfterGap();
  }

  /** Reloads the newest messages after an event was missed. */
  #reloadAfterGap(): void {
    this.#dispatch({ type: 'gap' });
    this.#tail.readAgain();
  }

  #onStreamChange(): void {
    const { state, error } = this.#stream;
    if (error?.code === 'chat_not_found') this.#onNotFound();
    // Messages are loaded even while the stream cannot be opened. A page may also still be missing when the
    // stream is back.
    const isUnread =
      this.#state.olderCursor === undefined ||
      this.#state.gap !== undefined ||
      this.#state.replacement !== undefined;
    const isIdle = !this.#tail.isReading && !this.#tail.error;
    if (isUnread && isIdle && (state === 'reconnecting' || (state === 'live' && this.#stream.hasCursor))) {
      this.#tail.readAgain();
    }
    this.#changed();
  }

  #onTailChange(): void {
    if (this.#tail.error?.code === 'chat_not_found') this.#onNotFound();
    this.#changed();
  }

  /** A loaded chat that is no longer found was deleted; a chat that was never found is an error. */
  #onNotFound(): void {
    if (this.#state.olderCursor !== undefined) this.#dispatch({ type: 'chat-deleted' });
    this.#stream.close();
    this.#changed();
  }

  async #readOlder(cursor: string, closed: AbortSignal, size?: number): Promise<void> {
    const list = this.#deps.trpc.message.list.query;
    const snapshots = this.#snapshots;
    try {
      const read = (signal: AbortSignal) => readPage(list, this.chatId, cursor, signal, size);
      const page = await attempt(closed, read);
      if (closed.aborted || snapshots !== this.#snapshots) return;
      this.#olderError = undefined;
      this.#dispatch({ type: 'older-page', page, cursor });
    } catch (error) {
      if (!closed.aborted) this.#olderError = toParleyError(error);
    }
  }

  async #retry(messageId: string): Promise<void> {
    const { chatId } = this;
    const known = this.#state.exchanges.find(({ answer }) => answer?.messageId === messageId);
    const { id, hasEnded } = await retryAnswer(this.#deps.trpc, { chatId, messageId }, this.#closed.signal);
    if (known) this.#dispatch({ type: 'retry-answered', answer: { id, userMessageId: known.userMessageId } });
    if (hasEnded) this.#reloadAfterGap();
  }

  #syncSends(): void {
    const sends = this.#deps.outbox.sendsOf(this.chatId);
    if (sends !== this.#state.sends) this.#dispatch({ type: 'sends-changed', sends });
  }

  #dispatch(event: TranscriptEvent): void {
    const before = this.#state;
    this.#state = transcriptReducer(before, event);
    if (this.#state === before) return;
    this.#removeMatchedSends();
    this.#changed();
  }

  /**
   * Removes matched sends from the outbox, and starts a timer for accepted sends that are not matched yet.
   */
  #removeMatchedSends(): void {
    const accepted = this.#state.sends.filter(({ state }) => state.kind === 'accepted');
    const matched = accepted.filter((send) => isMatched(this.#state, send));
    for (const { key } of matched) this.#deps.outbox.settle(key);
    if (matched.length === accepted.length) {
      clearTimeout(this.#reportTimer);
      this.#reportTimer = undefined;
    } else if (this.#isOpen) {
      this.#reportTimer ??= setTimeout(() => this.#onUnreported(), this.#deps.timings.reportMaxMs);
    }
  }

  #onUnreported(): void {
    this.#reportTimer = undefined;
    const unreported = this.#state.sends.filter(
      (send) => send.state.kind === 'accepted' && !isMatched(this.#state, send),
    );
    const isNew = unreported.some(({ key }) => !this.#searched.has(key));
    // The newest page was reloaded and does not contain it: it is on an older page.
    for (const { key } of unreported) {
      if (this.#searched.has(key)) this.#deps.outbox.settle(key);
      this.#searched.add(key);
    }
    // A stream that reconnects will still report it.
    if (isNew && this.#stream.state === 'live') this.#reloadAfterGap();
  }

  #changed(): void {
    this.#dropFrame ??= this.#deps.page.onNextFrame(() => {
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
