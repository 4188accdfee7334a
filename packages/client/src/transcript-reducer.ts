import type { AnswerState, ChatEvent, Feedback, MessageList } from '@parley/contract';
import { endedParts, type PartsSoFar, withPart, withText } from './answer-parts.ts';
import {
  type Exchange,
  isEnded,
  joinExchanges,
  newAnswer,
  newExchange,
  toExchanges,
  withAnswer,
} from './exchange.ts';
import { mergeExchanges } from './merge-exchanges.ts';
import { matchAccepted, matchNewMessages } from './optimistic-match.ts';
import type { Send } from './send.ts';
import type { AnswerEntry } from './transcript-entry.ts';
import type { Gap, TranscriptState } from './transcript-state.ts';

/**
 * An input of the transcript. Pages come from `message.list` with `order: 'desc'` and end with a user
 * message.
 */
export type TranscriptEvent =
  | ChatEvent
  /** The newest page, loaded after `chat-followed`. */
  | { readonly type: 'tail-page'; readonly page: MessageList }
  /** The page that starts at `cursor`. */
  | { readonly type: 'older-page'; readonly page: MessageList; readonly cursor: string }
  /** Events were missed. */
  | { readonly type: 'gap' }
  /** The response of `message.cancel`. */
  | { readonly type: 'cancel-answered'; readonly answer: AnswerState }
  /** The response of `message.retry`. */
  | { readonly type: 'retry-answered'; readonly answer: NewAnswer }
  /** The caller rated an answer, or took the rating back. */
  | { readonly type: 'feedback-changed'; readonly messageId: string; readonly feedback: Feedback | undefined }
  /** The chat's messages in the outbox changed. */
  | { readonly type: 'sends-changed'; readonly sends: readonly Send[] };

interface NewAnswer {
  readonly id: string;
  readonly userMessageId: string;
}

/**
 * Applies an event to a transcript. Pure and independent of the order: duplicate, late and concurrent events
 * lead to the same transcript. Returns the same object if nothing changed.
 */
export function transcriptReducer(state: TranscriptState, event: TranscriptEvent): TranscriptState {
  if (event.type === 'chat-snapshot') return { ...state, replacement: emptyReplacement(state) };
  const { replacement, ...shown } = state;
  if (!replacement) return reduce(state, event);
  if (event.type === 'tail-page')
    return matchNewMessages(replaced(shown, withTail(replacement, event.page)), shown, 'list');
  const next = reduce(replacement, event);
  // The shown messages stay until the new ones are known.
  const isShownNow =
    event.type === 'sends-changed' || event.type === 'chat-deleted' || event.type === 'feedback-changed';
  const current = isShownNow ? reduce(shown, event) : shown;
  return next === replacement && current === shown ? state : { ...current, replacement: next };
}

function reduce(
  state: TranscriptState,
  event: Exclude<TranscriptEvent, { type: 'chat-snapshot' }>,
): TranscriptState {
  switch (event.type) {
    case 'message-accepted':
      return matchNewMessages(accept(state, event), state, 'stream');
    case 'answer-started':
      return grow(state, event.messageId, () => ({ content: '' }));
    case 'answer-delta':
      return grow(state, event.messageId, (answer) => withText(answer, event.text), event.retryAt);
    case 'answer-part':
      return grow(state, event.messageId, (answer) => withPart(answer, event.event));
    case 'answer-snapshot': {
      const { text: content, parts: now } = event;
      return grow(state, event.messageId, ({ parts: known }) => {
        const parts = JSON.stringify(now) === JSON.stringify(known) ? known : now;
        return { content, ...(parts && { parts }) };
      });
    }
    case 'answer-ended':
      return changeAnswer(state, event.messageId, (answer) => ended(answer, event));
    case 'chat-followed':
    case 'gap':
      return { ...state, gap: gapAt(state, state.exchanges.length) };
    case 'chat-changed':
      return state;
    case 'chat-deleted':
      return state.isDeleted ? state : { ...state, isDeleted: true };
    case 'tail-page':
      return matchNewMessages(withTail(state, event.page), state, 'list');
    case 'older-page':
      return event.cursor === state.olderCursor ? matchAccepted(withOlder(state, event.page)) : state;
    case 'cancel-answered':
      return cancelled(state, event.answer);
    case 'retry-answered':
      return retried(state, event.answer);
    case 'feedback-changed':
      return rated(state, event.messageId, event.feedback);
    case 'sends-changed':
      return matchAccepted({ ...state, sends: event.sends });
  }
}

/** Checks whether the transcript contains an answer. If it does not, its message was missed. */
export function knowsAnswer({ exchanges }: TranscriptState, answerId: string): boolean {
  return exchanges.some(({ answer }) => answer !== undefined && answer.messageId >= answerId);
}

/** Checks whether the loaded part of the transcript contains a message or an answer. */
export function showsMessage({ exchanges }: TranscriptState, messageId: string): boolean {
  return exchanges.some(
    ({ userMessageId, answer }) => userMessageId === messageId || answer?.messageId === messageId,
  );
}

/**
 * Starts again without the known messages. Unfinished answers are not reported again, only their text, so they stay until
 * the newest page shows whether they belong to the chat's path. All of them fit on it.
 */
function emptyReplacement({ exchanges, replacement, sends, isDeleted }: TranscriptState): TranscriptState {
  const unfinished = (replacement?.exchanges ?? exchanges).filter(({ answer }) => answer && !isEnded(answer));
  const gap = { since: 0, until: unfinished.length };
  return { exchanges: unfinished, olderCursor: undefined, gap, sends, isDeleted };
}

/** Shows the replacement. Unchanged exchanges stay the same objects, and messages keep their keys. */
function replaced(shown: TranscriptState, next: TranscriptState): TranscriptState {
  const known = new Map(shown.exchanges.map((exchange) => [exchange.userMessageId, exchange]));
  const taken = new Set(next.exchanges.map(({ user }) => user?.key));
  const exchanges = next.exchanges.map((exchange) => {
    const former = known.get(exchange.userMessageId);
    if (!former) return exchange;
    const isKeyFree = former.user && !taken.has(former.user.key);
    const user =
      exchange.user && former.user && isKeyFree ? { ...exchange.user, key: former.user.key } : exchange.user;
    return {
      ...exchange,
      ...(user && { user: sameOr(former.user, user) }),
      ...(exchange.answer && { answer: sameOr(former.answer, exchange.answer) }),
    };
  });
  return { ...next, exchanges };
}

function sameOr<Entry>(known: Entry | undefined, entry: Entry): Entry {
  return known !== undefined && JSON.stringify(known) === JSON.stringify(entry) ? known : entry;
}

function accept(
  state: TranscriptState,
  { message, userMessageId, answerId }: Extract<ChatEvent, { type: 'message-accepted' }>,
): TranscriptState {
  const status = message?.status === 'generating' ? 'generating' : 'queued';
  const reported = newExchange(userMessageId, message, newAnswer(answerId, userMessageId, status));
  const index = state.exchanges.findLastIndex((exchange) => exchange.userMessageId === userMessageId);
  const known = state.exchanges[index];
  if (known) {
    const next = replace(state, index, joinExchanges(known, reported));
    // A new stream first reports everything that is unfinished. The gap ends at the first of these messages.
    const { gap } = state;
    if (!gap || index >= gap.until) return next;
    // Before the first page, the messages in the gap may belong to another path; those that are reported do not.
    if (state.olderCursor === undefined) {
      const exchanges = [...next.exchanges.toSpliced(index, 1), ...next.exchanges.slice(index, index + 1)];
      return { ...next, exchanges, gap: { since: 0, until: gap.until - 1 } };
    }
    return { ...next, gap: { since: Math.min(gap.since, index), until: index } };
  }
  // A late event: the newest page no longer contains the message, and the page before it will show how it
  // ended.
  const [oldest] = state.exchanges;
  const isPassed = typeof state.olderCursor === 'string' && oldest && userMessageId < oldest.userMessageId;
  return isPassed ? state : { ...state, exchanges: [...state.exchanges, reported] };
}

/** Every event of a running answer ends its wait for the model, unless it reports one. */
function grow(
  state: TranscriptState,
  answerId: string,
  write: (answer: PartsSoFar) => PartsSoFar,
  retryAt?: string,
): TranscriptState {
  return changeAnswer(state, answerId, (answer) => {
    const { content, parts } = write(answer);
    const isSameText = answer.content === content && answer.parts === parts;
    if (answer.status === 'generating' && isSameText && answer.retryAt === retryAt) return answer;
    return {
      ...withoutParts(withoutWait(answer)),
      status: 'generating',
      content,
      ...(parts && { parts }),
      ...(retryAt !== undefined && { retryAt }),
    };
  });
}

function withoutWait({ retryAt: _, ...answer }: AnswerEntry): AnswerEntry {
  return answer;
}

function withoutParts({ parts: _, ...answer }: AnswerEntry): AnswerEntry {
  return answer;
}

type End = Pick<
  Extract<ChatEvent, { type: 'answer-ended' }>,
  'status' | 'errorCode' | 'retryAt' | 'finishReason' | 'createdAt'
>;

function ended(
  answer: AnswerEntry,
  { status, errorCode, retryAt, finishReason, createdAt }: End,
): AnswerEntry {
  const parts = endedParts(answer);
  return {
    ...withoutParts(withoutWait(answer)),
    status,
    ...(parts && { parts }),
    ...(errorCode !== undefined && { errorCode }),
    ...(retryAt !== undefined && { retryAt }),
    ...(finishReason !== undefined && { finishReason }),
    ...(createdAt !== undefined && { createdAt }),
  };
}

/** An ended answer never changes. */
function changeAnswer(
  state: TranscriptState,
  answerId: string,
  change: (answer: AnswerEntry) => AnswerEntry,
): TranscriptState {
  const index = state.exchanges.findLastIndex(({ answer }) => answer?.messageId === answerId);
  const known = state.exchanges[index];
  if (!known?.answer || isEnded(known.answer)) return state;
  const answer = change(known.answer);
  return answer === known.answer ? state : replace(state, index, { ...known, answer });
}

/** Applies the response of a cancel request. If the answer is still running, its stream reports the end. */
function cancelled(state: TranscriptState, answerState: AnswerState): TranscriptState {
  const { id, status, errorCode, finishReason, content, parts, createdAt } = answerState;
  if (status === 'queued' || status === 'generating') return state;
  // The time of an answer without text is that of its turn, which lists do not show.
  const end = { status, errorCode, finishReason, ...(content !== '' && { createdAt }) };
  return changeAnswer(state, id, (answer) =>
    ended({ ...withoutParts(answer), content, ...(parts && { parts }) }, end),
  );
}

/** Only the feedback of an ended answer changes. */
function rated(state: TranscriptState, answerId: string, feedback: Feedback | undefined): TranscriptState {
  const index = state.exchanges.findLastIndex(({ answer }) => answer?.messageId === answerId);
  const known = state.exchanges[index];
  if (!known?.answer || known.answer.feedback === feedback) return state;
  const { feedback: _, ...answer } = known.answer;
  return replace(state, index, { ...known, answer: { ...answer, ...(feedback && { feedback }) } });
}

function retried(state: TranscriptState, { id, userMessageId }: NewAnswer): TranscriptState {
  const index = state.exchanges.findLastIndex((exchange) => exchange.userMessageId === userMessageId);
  const known = state.exchanges[index];
  // The chat shows another version again.
  if (known?.answer?.siblings?.ids.some((version) => version === id)) return state;
  return known ? replace(state, index, withAnswer(known, newAnswer(id, userMessageId))) : state;
}

/**
 * Merges the newest page. If the page reaches back over the gap, the gap is closed. Otherwise everything
 * before the gap is dropped and loaded again on demand.
 */
function withTail(state: TranscriptState, page: MessageList): TranscriptState {
  const listed = toExchanges([...page.messages].reverse());
  const ids = new Set(listed.map(({ userMessageId }) => userMessageId));
  const { since, until } = state.gap ?? { since: 0, until: 0 };
  const before = state.exchanges.slice(0, since);
  // Exchanges before the oldest one that may have changed are still complete.
  const joint = before.find(({ answer }) => answer && !isEnded(answer)) ?? before.at(-1);
  const isReached = state.gap === undefined || (joint !== undefined && ids.has(joint.userMessageId));
  if (isReached && state.olderCursor !== undefined) {
    return { ...state, exchanges: mergeExchanges(listed, state.exchanges), gap: undefined };
  }
  const olderCursor = page.nextCursor ?? null;
  const [oldest] = listed;
  // Received exchanges that are older than the page have ended; an older page contains them.
  const isPassed = ({ userMessageId }: Exchange) =>
    olderCursor !== null && oldest !== undefined && userMessageId < oldest.userMessageId;
  const known = state.exchanges.filter((exchange, index) =>
    index < until && !isReached ? ids.has(exchange.userMessageId) : !isPassed(exchange),
  );
  // Messages outside the page are newer. The order of those on the page may have been unknown.
  const received = new Map(known.map((exchange) => [exchange.userMessageId, exchange]));
  const newer = known.filter(({ userMessageId }) => !ids.has(userMessageId));
  const inOrder = listed.flatMap(({ userMessageId }) => received.get(userMessageId) ?? []);
  const exchanges = mergeExchanges(listed, [...inOrder, ...newer]);
  return { ...state, exchanges, olderCursor, gap: undefined };
}

/**
 * A second gap before the first was closed extends it, because the order of the exchanges in between is
 * unknown.
 */
function gapAt({ gap }: TranscriptState, place: number): Gap {
  return { since: gap?.since ?? place, until: place };
}

function withOlder(state: TranscriptState, page: MessageList): TranscriptState {
  const exchanges = mergeExchanges(toExchanges([...page.messages].reverse()), state.exchanges);
  const added = exchanges.length - state.exchanges.length;
  return {
    ...state,
    exchanges,
    olderCursor: page.nextCursor ?? null,
    gap: state.gap && { since: state.gap.since + added, until: state.gap.until + added },
  };
}

function replace(state: TranscriptState, index: number, exchange: Exchange): TranscriptState {
  return exchange === state.exchanges[index]
    ? state
    : { ...state, exchanges: state.exchanges.with(index, exchange) };
}
