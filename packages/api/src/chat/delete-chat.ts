import { ApiError, isId, oneChatInputSchema } from '@parley/contract';
import { z } from 'zod';
import { procedure } from '../procedures.ts';

/** `chat.delete`: deletes a chat and stops its running answer. */
export const deleteChat = procedure
  .meta({
    openapi: {
      method: 'DELETE',
      path: '/chat/{chatId}',
      operationId: 'deleteChat',
      tags: ['Chats'],
      summary: 'Delete a chat',
      description: 'Deletes a chat with all its messages, and stops its running answer.',
    },
    errors: ['chat_not_found'],
    successStatus: 204,
  })
  .input(oneChatInputSchema)
  .output(z.void())
  .mutation(async ({ ctx: { turns, scope }, input: { chatId } }) => {
    const isDeleted = isId('chat', chatId) && (await turns.deleteChat(scope, chatId));
    if (!isDeleted) throw new ApiError('chat_not_found');
  });
