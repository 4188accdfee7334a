import { ApiError, isId } from '@parley/contract';
import type { ChatAccess, ChatStore, Scope } from '@parley/db';

/** The error for a chat that does not exist or is outside the caller's scope. */
export type ChatNotFound = 'chat_not_found' | 'message_not_found';

/**
 * Reads a chat in the caller's scope.
 *
 * @throws ApiError `notFound`, also for chats of other teams and users
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
