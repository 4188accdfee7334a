import type { Chat } from '@parley/contract';
import type { ChatRecord } from '@parley/db';

/** Converts a stored chat to its form in answers. */
export function toChat(chat: ChatRecord): Chat {
  return {
    id: chat.id,
    agentId: chat.agent,
    teamId: chat.team,
    ...(chat.user !== undefined && { userId: chat.user }),
    ...(chat.metadata !== undefined && { metadata: chat.metadata }),
    ...(chat.title !== undefined && { title: chat.title }),
    createdAt: chat.createdAt.toISOString(),
  };
}
