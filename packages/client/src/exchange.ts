import type { Message } from '@parley/contract';
import type { AnswerEntry, UserEntry } from './transcript-entry.ts';

/** A message and its newest answer. Immutable: what did not change is the same object. */
export interface Exchange {
  readonly userMessageId: string;
  /** Undefined while only a retry of its answer is known. */
  readonly user?: UserEntry;
  readonly answer?: AnswerEntry;
}

/** A message that was accepted, as an event or a list tells it. */
export function newExchange(userMessageId: string, message?: Message, answer?: AnswerEntry): Exchange {
  return {
    userMessageId,
    ...(message && { user: toUserEntry(message) }),
    ...(answer && { answer }),
  };
}

export function isEnded({ status }: AnswerEntry): boolean {
  return status === 'completed' || status === 'stopped' || status === 'failed';
}

/** Groups a list of messages, oldest first, that begins with a user's message. */
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

/** Two tellings of one message, put together. Answers `known` itself when it knows all of it. */
export function joinExchanges(known: Exchange, told: Exchange): Exchange {
  const { user = told.user } = known;
  const joined = user === known.user || !user ? known : { ...known, user };
  return told.answer ? withAnswer(joined, told.answer) : joined;
}

/**
 * The exchange after something was told of an answer of it. A retry has a newer answer than the one that failed,
 * and ids sort as they were minted: the newest id counts, in whatever order they are told.
 */
export function withAnswer(known: Exchange, told: AnswerEntry): Exchange {
  const { answer } = known;
  if (!answer || answer.messageId < told.messageId) return { ...known, answer: told };
  if (answer.messageId > told.messageId) return known;
  const joined = joinAnswers(answer, told);
  return joined === answer ? known : { ...known, answer: joined };
}

const rank = { queued: 0, generating: 1, completed: 2, stopped: 2, failed: 2 } as const;

/** Ended is final; until then the text is what the stream told, and no list tells it. */
function joinAnswers(known: AnswerEntry, told: AnswerEntry): AnswerEntry {
  if (isEnded(known) || rank[told.status] <= rank[known.status]) return known;
  return isEnded(told) ? told : { ...known, status: told.status };
}

/** An answer that is not in the list is told of with its message. */
function answerOutsideList({ id, status, answerId, errorCode }: Message): AnswerEntry | undefined {
  if (answerId === undefined) return undefined;
  return { ...newAnswer(answerId, id, status), ...(errorCode !== undefined && { errorCode }) };
}

/** An answer of which nothing was written yet. */
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

function toAnswerEntry({ id, content, status, createdAt }: Message, userMessageId: string): AnswerEntry {
  return { ...newAnswer(id, userMessageId, status ?? 'completed'), content, createdAt };
}

function toUserEntry({ id, content, createdAt }: Message): UserEntry {
  return { kind: 'user', key: id, messageId: id, content, createdAt };
}
