import { ApiError, chatSchema, isId, updateChatInputSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { toChat } from './to-chat.ts';

/** `chat.update`: changes the title, the metadata or both. The update itself is limited to the caller's scope. */
export const updateChat = procedure
  .meta({
    openapi: {
      method: 'PATCH',
      path: '/chat/{chatId}',
      operationId: 'updateChat',
      tags: ['Chats'],
      summary: 'Change a chat',
      description: 'Changes the title, the metadata, or both. Fields that you leave out keep their values.',
    },
    errors: ['chat_not_found'],
  })
  .input(updateChatInputSchema)
  .output(chatSchema)
  .mutation(async ({ ctx: { stores, turns, scope }, input: { chatId, ...change } }) => {
    const chat = isId('chat', chatId) ? await stores.chats.update(scope, chatId, change) : undefined;
    if (!chat) throw new ApiError('chat_not_found');
    turns.notifyLists(chat.team);
    return toChat(chat);
  });
