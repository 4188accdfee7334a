import { isId, Refusal } from '@parley/contract';
import type { ChatRecord, ChatStore, Scope } from '@parley/db';

/**
 * The chat with this id, if the caller may see it.
 *
 * @throws Refusal `chat_not_found`, also for another team's
 */
export async function findChat(chats: ChatStore, scope: Scope, chatId: string): Promise<ChatRecord> {
  const chat = isId('chat', chatId) ? await chats.find(scope, chatId) : undefined;
  if (!chat) throw new Refusal('chat_not_found');
  return chat;
}
