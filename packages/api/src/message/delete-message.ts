import { deleteMessageInputSchema } from '@parley/contract';
import { z } from 'zod';
import { chatProcedure } from '../procedures.ts';

/** `message.delete`: removes the newest message of a chat after its answer failed. */
export const deleteMessage = chatProcedure(deleteMessageInputSchema, 'message_not_found')
  .meta({
    openapi: {
      method: 'DELETE',
      path: '/chat/{chatId}/message/{messageId}',
      operationId: 'deleteMessage',
      tags: ['Messages'],
      summary: 'Remove a failed message',
      description:
        "Removes the content of a user's message whose newest answer failed, if nothing follows it. Lists and later answers " +
        'leave the message out. What it used stays counted.',
    },
    errors: ['message_not_found', 'chat_not_found', 'not_deletable', 'versions_unavailable'],
    successStatus: 204,
  })
  .output(z.void())
  .mutation(({ ctx: { turns, chat }, input: { messageId } }) => turns.removeMessage(chat, messageId));
