import type { Message } from '@parley/contract';
import type { ListedMessage } from '@parley/db';

/**
 * A message as lists show it. A user's message carries a status, and the id of its answer, only while, or
 * because, that is not in the list.
 */
export function toMessage(message: ListedMessage): Message {
  const { id, role, content, createdAt, status, errorCode, finishReason, answerId, isAnswered } = message;
  return {
    id,
    content,
    role,
    ...((role === 'assistant' || !isAnswered) && { status }),
    ...(errorCode !== undefined && { errorCode }),
    ...(finishReason && { finishReason }),
    ...(role === 'user' && !isAnswered && { answerId }),
    createdAt: createdAt.toISOString(),
  };
}
