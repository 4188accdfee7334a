import type { Message } from '@parley/contract';
import type { ListedMessage } from '@parley/db';

/** A message as lists show it. A user's message carries a status only while, or because, it has no answer. */
export function toMessage({ id, role, content, createdAt, status, errorCode }: ListedMessage): Message {
  const isAnswered = status === 'completed' || status === 'stopped';
  return {
    id,
    content,
    role,
    ...((role === 'assistant' || !isAnswered) && { status }),
    ...(errorCode !== undefined && { errorCode }),
    createdAt: createdAt.toISOString(),
  };
}
