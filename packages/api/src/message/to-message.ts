import type { Message } from '@parley/contract';
import type { ListedMessage } from '@parley/db';

/**
 * Converts a stored message to its form in lists. A user's message has a status and the id of its answer only if
 * the list does not contain the answer.
 */
export function toMessage(message: ListedMessage): Message {
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
    createdAt: createdAt.toISOString(),
  };
}
