import { type Chat, compactAs } from '@parley/contract';
import type { ChatRecord } from '@parley/db';

/** Converts a stored chat to its form in answers. */
export function toChat(chat: ChatRecord): Chat {
  const { id, agent: agentId, team: teamId, user: userId, metadata, title, createdAt, isAnswering } = chat;
  const { updatedAt = createdAt } = chat;
  return compactAs<Chat>({
    ...{ id, agentId, teamId, userId, metadata, title },
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
    isAnswering,
  });
}
