import type { AnswerState, ChatEvent, MessageList } from '@parley/contract';
import { claimAccepted, claimNews } from './claims.ts';
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
import type { Send } from './send.ts';
import type { AnswerEntry } from './transcript-entry.ts';

/** What is known of a chat. */
export interface TranscriptState {
  /** Oldest first, in the order of the chat. */
  readonly exchanges: readonly Exchange[];
  /** Where the next older page begins; null when there is none, undefined until the newest page was read. */
  readonly olderCursor: string | null | undefined;
  /** Undefined when all was told that happened since the oldest exchange. */
  readonly gap: Gap | undefined;
  /** What was sent from here and is not settled. */
  readonly sends: readonly Send[];
  readonly isDeleted: boolean;
}

/** Times of which nothing was told, as places among the exchanges: up to `since`, and from `until` on, all was. */
interface Gap {
  readonly since: number;
  readonly until: number;
}

/** What a transcript is told. Pages are as `message.list` answers with `order: 'desc'`, and end with a user's message. */
export type TranscriptEvent =
  | ChatEvent
  /** The newest page, read after `chat-followed`. */
  | { readonly type: 'tail-page'; readonly page: MessageList }
  /** The page that begins at `cursor`. */
  | { readonly type: 'older-page'; readonly page: MessageList; readonly cursor: string }
  /** Something was missed, as if the stream began anew. */
  | { readonly type: 'gap' }
  /** What `message.cancel` answered. */
  | { readonly type: 'cancel-answered'; readonly answer: AnswerState }
  /** What `message.retry` answered. */
  | { readonly type: 'retry-answered'; readonly answer: NewAnswer }
  /** The outbox has changed: these are the chat's sends now. */
  | { readonly type: 'sends-changed'; readonly sends: readonly Send[] };

interface NewAnswer {
  readonly id: string;
  readonly userMessageId: string;
}

/** A chat of which nothing is known yet. */
export const emptyTranscript: TranscriptState = {
  exchanges: [],
  olderCursor: undefined,
  gap: undefined,
  sends: [],
  isDeleted: false,
};

/**
 * A transcript after it was told something. Pure, and calm about order: what comes twice, late or from several
 * sides at once leads to the same transcript. Answers the same object when nothing changed.
 */
export function transcriptReducer(state: TranscriptState, event: TranscriptEvent): TranscriptState {
  switch (event.type) {
    case 'message-accepted':
      return claimNews(accept(state, event), state, 'told');
    case 'answer-started':
      return grow(state, event.messageId, () => '');
    case 'answer-delta':
      return grow(state, event.messageId, (content) => content + event.text);
    case 'answer-snapshot':
      return grow(state, event.messageId, () => event.text);
    case 'answer-ended':
      return changeAnswer(state, event.messageId, (answer) => ended(answer, event));
    case 'chat-followed':
    case 'chat-snapshot':
    case 'gap':
      return { ...state, gap: gapAt(state, state.exchanges.length) };
    case 'chat-deleted':
      return state.isDeleted ? state : { ...state, isDeleted: true };
    case 'tail-page':
      return claimNews(withTail(state, event.page), state, 'listed');
    case 'older-page':
      return event.cursor === state.olderCursor ? claimAccepted(withOlder(state, event.page)) : state;
    case 'cancel-answered':
      return cancelled(state, event.answer);
    case 'retry-answered':
      return retried(state, event.answer);
    case 'sends-changed':
      return claimAccepted({ ...state, sends: event.sends });
  }
}

/** Whether an answer that is told of belongs to the transcript. One that does not was missed. */
export function knowsAnswer({ exchanges }: TranscriptState, answerId: string): boolean {
  return exchanges.some(({ answer }) => answer !== undefined && answer.messageId >= answerId);
}

function accept(
  state: TranscriptState,
  { message, userMessageId, answerId }: Extract<ChatEvent, { type: 'message-accepted' }>,
): TranscriptState {
  const status = message?.status === 'generating' ? 'generating' : 'queued';
  const told = newExchange(userMessageId, message, newAnswer(answerId, userMessageId, status));
  const index = state.exchanges.findLastIndex((exchange) => exchange.userMessageId === userMessageId);
  const known = state.exchanges[index];
  if (known) {
    const next = replace(state, index, joinExchanges(known, told));
    // A stream that begins anew tells of all that is unfinished: from the first of it on, there is no gap.
    const { gap } = state;
    if (!gap || index >= gap.until) return next;
    return { ...next, gap: { since: Math.min(gap.since, index), until: index } };
  }
  // It is told late: the page that was read since is past it, and the one before that will tell how it ended.
  const [oldest] = state.exchanges;
  const isPassed = typeof state.olderCursor === 'string' && oldest && userMessageId < oldest.userMessageId;
  return isPassed ? state : { ...state, exchanges: [...state.exchanges, told] };
}

function grow(state: TranscriptState, answerId: string, write: (content: string) => string): TranscriptState {
  return changeAnswer(state, answerId, (answer) => {
    const content = write(answer.content);
    const isSame = answer.status === 'generating' && answer.content === content;
    return isSame ? answer : { ...answer, status: 'generating', content };
  });
}

type End = Pick<Extract<ChatEvent, { type: 'answer-ended' }>, 'status' | 'errorCode' | 'createdAt'>;

/** Of a failed answer nothing is kept. */
function ended(answer: AnswerEntry, { status, errorCode, createdAt }: End): AnswerEntry {
  return {
    ...answer,
    status,
    ...(status === 'failed' && { content: '' }),
    ...(errorCode !== undefined && { errorCode }),
    ...(createdAt !== undefined && { createdAt }),
  };
}

/** Ended is final. */
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

/** One that runs on is not told of by this: its stream does that. */
function cancelled(state: TranscriptState, told: AnswerState): TranscriptState {
  const { id, status, errorCode, content, createdAt } = told;
  if (status === 'queued' || status === 'generating') return state;
  // The time of one without text is that of its turn, which no list shows.
  const end = { status, ...(errorCode && { errorCode }), ...(content !== '' && { createdAt }) };
  return changeAnswer(state, id, (answer) => ended({ ...answer, content }, end));
}

function retried(state: TranscriptState, { id, userMessageId }: NewAnswer): TranscriptState {
  const index = state.exchanges.findLastIndex((exchange) => exchange.userMessageId === userMessageId);
  const known = state.exchanges[index];
  return known ? replace(state, index, withAnswer(known, newAnswer(id, userMessageId))) : state;
}

/**
 * The newest page. Where it reaches back over a gap, it closes it; where it does not, what is before the gap is
 * forgotten, and read again by who wants to see it.
 */
function withTail(state: TranscriptState, page: MessageList): TranscriptState {
  const listed = toExchanges([...page.messages].reverse());
  const ids = new Set(listed.map(({ userMessageId }) => userMessageId));
  const { since, until } = state.gap ?? { since: 0, until: 0 };
  const before = state.exchanges.slice(0, since);
  // Before the oldest one that may have changed since, all is as it was.
  const joint = before.find(({ answer }) => answer && !isEnded(answer)) ?? before.at(-1);
  const isReached = state.gap === undefined || (joint !== undefined && ids.has(joint.userMessageId));
  if (isReached && state.olderCursor !== undefined) {
    return { ...state, exchanges: mergeExchanges(listed, state.exchanges), gap: undefined };
  }
  const olderCursor = page.nextCursor ?? null;
  const [oldest] = listed;
  // What was told and is older than a whole page has ended: its own page tells how.
  const isPassed = ({ userMessageId }: Exchange) =>
    olderCursor !== null && oldest !== undefined && userMessageId < oldest.userMessageId;
  const known = state.exchanges.filter((exchange, index) =>
    index < until && !isReached ? ids.has(exchange.userMessageId) : !isPassed(exchange),
  );
  return { ...state, exchanges: mergeExchanges(listed, known), olderCursor, gap: undefined };
}

/** A second gap, before the first was closed: nothing is known of how what lies between them fits. */
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
