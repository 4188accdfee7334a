import type { Message } from '@parley/contract';
import type { AnswerEntry, Siblings, UserEntry } from './transcript-entry.ts';

/** A user message and its newest answer. Immutable: unchanged parts stay the same objects. */
export interface Exchange {
  readonly userMessageId: string;
  /** Undefined while only a retry of its answer is known. */
  readonly user?: UserEntry;
  readonly answer?: AnswerEntry;
}

/** Creates an exchange from an accepted message of an event or a list. */
export function newExchange(userMessageId: string, message?: Message, answer?: AnswerEntry): Exchange {
  return {
    userMessageId,
    ...(message && { user: toUserEntry(message) }),
    ...(answer && { answer }),
  };
}

/** Checks whether an answer is completed, stopped or failed. */
export function isEnded({ status }: AnswerEntry): boolean {
  return status === 'completed' || status === 'stopped' || status === 'failed';
}

/**
 * Groups a list of messages into exchanges. The list is sorted from oldest to newest and starts with a user
 * message.
 */
export function toExchanges(messages: readonly Message[]): Exchange[] {
  const exchanges: Exchange[] = [];
  for (const message of messages) {
    if (message.role === 'user') {
      exchanges.push(newExchange(message.id, message, answerOutsideList(message)));
      continue;
    }
    const last = exchanges.pop();
    if (last) exchanges.push({ ...last, answer: toAnswerEntry(message, last.userMessageId) });
  }
  return exchanges;
}

/** Merges two versions of an exchange. Returns `known` itself if the other version adds nothing. */
export function joinExchanges(known: Exchange, received: Exchange): Exchange {
  const user =
    known.user && received.user ? withSiblings(known.user, received.user) : (known.user ?? received.user);
  const joined = user === known.user || !user ? known : { ...known, user };
  return received.answer ? withAnswer(joined, received.answer) : joined;
}

/**
 * Adds a received version of an answer. A retry creates a new answer; ids sort by age, so the answer with the
 * larger id wins, in any order of arrival.
 */
export function withAnswer(known: Exchange, received: AnswerEntry): Exchange {
  const { answer } = known;
  if (!answer || answer.messageId < received.messageId) return { ...known, answer: received };
  if (answer.messageId > received.messageId) return known;
  const joined = withSiblings(joinAnswers(answer, received), received);
  return joined === answer ? known : { ...known, answer: joined };
}

/** Lists contain the versions of a message; events do not. */
function withSiblings<Entry extends { readonly siblings?: Siblings }>(
  known: Entry,
  { siblings }: { readonly siblings?: Siblings },
): Entry {
  const isKnown = siblings === undefined || JSON.stringify(siblings) === JSON.stringify(known.siblings);
  return isKnown ? known : { ...known, siblings };
}

const rank = { queued: 0, generating: 1, completed: 2, stopped: 2, failed: 2 } as const;

/**
 * An ended answer never changes. Before that the text and the parts come from the stream only; lists do not contain them.
 */
function joinAnswers(known: AnswerEntry, received: AnswerEntry): AnswerEntry {
  if (isEnded(known) || rank[received.status] <= rank[known.status]) return known;
  return isEnded(received) ? received : { ...known, status: received.status };
}

/** Creates the answer of a user message whose answer is not in the list itself. */
function answerOutsideList(message: Message): AnswerEntry | undefined {
  const { id, status, answerId, errorCode, retryAt, otherAnswers } = message;
  if (answerId === undefined) return undefined;
  const ids = [...(otherAnswers ?? []), answerId];
  return {
    ...newAnswer(answerId, id, status),
    ...(otherAnswers && { siblings: { index: otherAnswers.length, count: ids.length, ids } }),
    ...(errorCode !== undefined && { errorCode }),
    ...(retryAt !== undefined && { retryAt }),
  };
}

/** Creates an answer without text. */
export function newAnswer(
  messageId: string,
  userMessageId: string | undefined,
  status: AnswerEntry['status'] = 'queued',
): AnswerEntry {
  return {
    kind: 'answer',
    key: messageId,
    messageId,
    ...(userMessageId !== undefined && { userMessageId }),
    content: '',
    status,
  };
}

function toAnswerEntry(message: Message, userMessageId: string): AnswerEntry {
  const { id, content, parts, status, errorCode, retryAt, finishReason, feedback, siblings, createdAt } =
    message;
  return {
    ...newAnswer(id, userMessageId, status ?? 'completed'),
    content,
    ...(parts && { parts }),
    ...(errorCode !== undefined && { errorCode }),
    ...(retryAt !== undefined && { retryAt }),
    ...(finishReason !== undefined && { finishReason }),
    ...(feedback && { feedback }),
    ...(siblings && { siblings }),
    createdAt,
  };
}

function toUserEntry({ id, content, parts, siblings, createdAt }: Message): UserEntry {
  return {
    kind: 'user',
    key: id,
    messageId: id,
    content,
    ...(parts && { parts }),
    ...(siblings && { siblings }),
    createdAt,
  };
}
