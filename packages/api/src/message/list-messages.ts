import { limits, listMessagesInputSchema, messageListSchema } from '@parley/contract';
import { z } from 'zod';
import { cursorKind } from '../cursor.ts';
import { chatProcedure } from '../procedures.ts';
import { toMessage } from './to-message.ts';

const cursors = cursorKind(
  'messages',
  z.strictObject({ sequence: z.int().positive(), role: z.enum(['user', 'assistant']) }),
);

export const listMessages = chatProcedure(listMessagesInputSchema)
  .meta({
    openapi: {
      method: 'GET',
      path: '/chat/{chatId}/message',
      operationId: 'listMessages',
      tags: ['Messages'],
      summary: 'List messages',
      description:
        'The messages of a chat, oldest first and complete; with `limit` in pages, with `order=desc` from ' +
        "the newest. Every accepted user's message is in it, and every answer that has ended with text.",
    },
    errors: ['chat_not_found', 'invalid_cursor'],
  })
  .output(messageListSchema)
  .query(async ({ ctx: { stores, chat }, input: { chatId, limit, cursor, order = 'asc' } }) => {
    const filter = { chatId, order };
    const after = cursor === undefined ? undefined : cursors.decode(filter, cursor);
    const { items, next } = await stores.messages.list(chat, {
      limit: limit ?? limits.chatMessagesMax,
      order,
      ...(after && { after }),
    });
    return { messages: items.map(toMessage), ...(next && { nextCursor: cursors.encode(filter, next) }) };
  });
