import { limits, listMessagesInputSchema, messageListSchema } from '@parley/contract';
import { z } from 'zod';
import { cursorKind } from '../cursor.ts';
import { outputWithList } from '../large-list/output-with-list.ts';
import { chatProcedure } from '../procedures.ts';
import { readMessages } from './read-messages.ts';

const cursors = cursorKind(
  'messages',
  z.strictObject({ sequence: z.int().positive(), role: z.enum(['user', 'assistant']) }),
);

/** `message.list`: lists the messages of a chat, all at once or in pages. */
export const listMessages = chatProcedure(listMessagesInputSchema)
  .meta({
    openapi: {
      method: 'GET',
      path: '/chat/{chatId}/message',
      operationId: 'listMessages',
      tags: ['Messages'],
      summary: 'List messages',
      description:
        'Lists the messages of a chat, oldest first. Use `limit` for pages, and `order=desc` to begin with the ' +
        "newest. The list contains every accepted user's message, and every answer that has ended with text.",
    },
    errors: ['chat_not_found', 'invalid_cursor', 'overloaded', 'too_many_lists'],
  })
  .output(outputWithList(messageListSchema, 'messages'))
  .query(async ({ ctx, input: { chatId, limit = limits.chatMessagesMax, cursor, order = 'asc' } }) => {
    const filter = { chatId, order };
    const after = cursor === undefined ? undefined : cursors.decode(filter, cursor);
    const { items, next } = await readMessages(ctx, { limit, order, after });
    return { messages: items, ...(next && { nextCursor: cursors.encode(filter, next) }) };
  });
