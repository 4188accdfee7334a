import { ApiError, isId, limits, listMessagesInputSchema, messageListSchema } from '@parley/contract';
import { z } from 'zod';
import { cursorKind } from '../cursor.ts';
import { outputWithList } from '../large-list/output-with-list.ts';
import { chatProcedure } from '../procedures.ts';
import { type MessagesContext, readMessages } from './read-messages.ts';

const cursors = cursorKind(
  'messages',
  z.strictObject({
    sequence: z.int().positive(),
    role: z.enum(['user', 'assistant']),
    head: z.int().positive().optional(),
  }),
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
        "newest. The list contains every accepted user's message, and every answer that has ended with text. In a chat with " +
        'versions it contains those of the shown path.',
    },
    errors: ['chat_not_found', 'message_not_found', 'invalid_cursor', 'overloaded', 'too_many_lists'],
  })
  .output(outputWithList(messageListSchema, 'messages'))
  .query(async ({ ctx, input }) => {
    const { chatId, limit = limits.chatMessagesMax, cursor, order = 'asc', through } = input;
    const filter = { chatId, order, through };
    const after = cursor === undefined ? undefined : cursors.decode(filter, cursor);
    const head = after || through === undefined ? undefined : await findHead(ctx, through);
    const { items, next } = await readMessages(ctx, { limit, order, after, head });
    return { messages: items, ...(next && { nextCursor: cursors.encode(filter, next) }) };
  });

/** @throws ApiError `message_not_found` */
async function findHead({ stores, chat }: Pick<MessagesContext, 'stores' | 'chat'>, message: string) {
  const head = isId('message', message) && (await stores.messages.findHead(chat, message));
  if (!head) throw new ApiError('message_not_found');
  return head;
}
