import type { Chat } from '@parley/contract';
import type { ChatRecord } from '@parley/db';

/** A chat as answers show it. */
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
