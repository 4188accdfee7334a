import type { Message } from '@parley/contract';
import type { AnswerEntry, UserEntry } from './transcript-entry.ts';

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
  const { user = received.user } = known;
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
  const joined = joinAnswers(answer, received);
  return joined === answer ? known : { ...known, answer: joined };
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
function answerOutsideList({ id, status, answerId, errorCode, retryAt }: Message): AnswerEntry | undefined {
  if (answerId === undefined) return undefined;
  return {
    ...newAnswer(answerId, id, status),
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

function toAnswerEntry(
  { id, content, parts, status, errorCode, retryAt, finishReason, feedback, createdAt }: Message,
  userMessageId: string,
): AnswerEntry {
  return {
    ...newAnswer(id, userMessageId, status ?? 'completed'),
    content,
    ...(parts && { parts }),
    ...(errorCode !== undefined && { errorCode }),
    ...(retryAt !== undefined && { retryAt }),
    ...(finishReason !== undefined && { finishReason }),
    ...(feedback && { feedback }),
    createdAt,
  };
}

function toUserEntry({ id, content, parts, createdAt }: Message): UserEntry {
  return { kind: 'user', key: id, messageId: id, content, ...(parts && { parts }), createdAt };
}
