import { ApiError, isId } from '@parley/contract';
import type { ChatAccess, ChatStore, Scope } from '@parley/db';

/** What a caller is told who names a chat that is not there, or not theirs. */
export type ChatNotFound = 'chat_not_found' | 'message_not_found';

/**
 * The chat with this id, as the caller's scope reaches it.
 *
 * @throws ApiError `notFound`, also for another team's or another user's chat
 */
export async function findChat(
  find: ChatStore['find'],
  scope: Scope,
  chatId: string,
  notFound: ChatNotFound = 'chat_not_found',
): Promise<ChatAccess> {
  const chat = isId('chat', chatId) ? await find(scope, chatId) : undefined;
  if (!chat) throw new ApiError(notFound);
  return chat;
}
