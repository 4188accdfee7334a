import { type Feedback, type Message, partsOf } from '@parley/contract';
import type { FeedbackRecord, ListedMessage } from '@parley/db';
import { type ShowSettings, showParts } from './show-answer.ts';
import { userPartsOf } from './user-parts.ts';

/**
 * Converts a stored message to its form in lists. A user's message has a status and the id of its answer only if
 * the list does not contain the answer. `settings` decide which parts of an answer are shown. An answer has the caller's own
 * feedback, if there is any.
 */
export function toMessage(
  message: ListedMessage,
  feedback?: FeedbackRecord,
  settings: ShowSettings = {},
): Message {
  const { id, role, content, createdAt, status, errorCode, retryAt, finishReason, answerId, isAnswered } =
    message;
  const hasStatus = role === 'assistant' || !isAnswered;
  const { siblings, otherAnswers } = message;
  const parts =
    message.tape === undefined ? userPartsOf(message) : showParts(partsOf(message.tape), settings);
  return {
    id,
    content,
    role,
    ...(parts && { parts }),
    ...(hasStatus && { status }),
    ...(hasStatus && errorCode !== undefined && { errorCode }),
    ...(hasStatus && retryAt && { retryAt: retryAt.toISOString() }),
    ...(finishReason && { finishReason }),
    ...(role === 'user' && !isAnswered && { answerId }),
    ...(feedback && { feedback: toFeedback(feedback) }),
    ...(siblings && {
      siblings: { index: siblings.index, count: siblings.ids.length, ids: [...siblings.ids] },
    }),
    ...(otherAnswers && { otherAnswers: [...otherAnswers] }),
    createdAt: createdAt.toISOString(),
  };
}

/** Converts stored feedback to its form in answers. */
export function toFeedback({ rating, comment }: FeedbackRecord): Feedback {
  return { rating, ...(comment !== undefined && { comment }) };
}
