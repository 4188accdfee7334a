import type { Feedback, Message } from '@parley/contract';
import type { FeedbackRecord, ListedMessage } from '@parley/db';

/**
 * Converts a stored message to its form in lists. A user's message has a status and the id of its answer only if
 * the list does not contain the answer. An answer has the caller's own feedback, if there is any.
 */
export function toMessage(message: ListedMessage, feedback?: FeedbackRecord): Message {
  const { id, role, content, createdAt, status, errorCode, retryAt, finishReason, answerId, isAnswered } =
    message;
  return {
    id,
    content,
    role,
    ...((role === 'assistant' || !isAnswered) && { status }),
    ...(errorCode !== undefined && { errorCode }),
    ...(retryAt && { retryAt: retryAt.toISOString() }),
    ...(finishReason && { finishReason }),
    ...(role === 'user' && !isAnswered && { answerId }),
    ...(feedback && { feedback: toFeedback(feedback) }),
    createdAt: createdAt.toISOString(),
  };
}

/** Converts stored feedback to its form in answers. */
export function toFeedback({ rating, comment }: FeedbackRecord): Feedback {
  return { rating, ...(comment !== undefined && { comment }) };
}
