import { ApiError, isId, oneAnswerInputSchema } from '@parley/contract';
import { z } from 'zod';
import { chatProcedure } from '../procedures.ts';

/** `message.deleteFeedback`: takes the caller's feedback on an answer back. Repeating it has no effect. */
export const deleteFeedback = chatProcedure(oneAnswerInputSchema, 'message_not_found')
  .meta({
    openapi: {
      method: 'DELETE',
      path: '/chat/{chatId}/message/{messageId}/feedback',
      operationId: 'deleteFeedback',
      tags: ['Messages'],
      summary: 'Take feedback back',
      description: 'Removes your own feedback on an answer. Repeating the request has no effect.',
    },
    errors: ['message_not_found', 'chat_not_found'],
    successStatus: 204,
  })
  .output(z.void())
  .mutation(async ({ ctx: { stores, chat }, input: { messageId } }) => {
    const isThere = isId('message', messageId) && (await stores.feedback.remove(chat, messageId));
    if (!isThere) throw new ApiError('message_not_found');
  });
