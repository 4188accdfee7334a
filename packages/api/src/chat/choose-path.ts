import { ApiError, choosePathInputSchema, isId } from '@parley/contract';
import { z } from 'zod';
import { chatProcedure } from '../procedures.ts';

/** `chat.choosePath`: shows the newest path through a message. */
export const choosePath = chatProcedure(choosePathInputSchema, 'message_not_found')
  .meta({
    openapi: {
      method: 'PUT',
      path: '/chat/{chatId}/path',
      operationId: 'choosePath',
      tags: ['Chats'],
      summary: 'Show another version',
      description:
        'Shows the newest path through a message or an answer, until a new message comes: lists contain its messages, and the ' +
        'next message follows its end. Repeating the request has no effect.',
    },
    errors: ['message_not_found', 'chat_not_found'],
    successStatus: 204,
  })
  .output(z.void())
  .mutation(async ({ ctx: { stores, turns, chat }, input: { messageId } }) => {
    const head = isId('message', messageId) && (await stores.messages.findHead(chat, messageId));
    if (!head) throw new ApiError('message_not_found');
    await turns.choosePath(chat, head);
  });
