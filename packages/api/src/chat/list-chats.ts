import { chatListSchema, isId, limits, listChatsInputSchema } from '@parley/contract';
import { z } from 'zod';
import { ownUser } from '../authorize.ts';
import { cursorKind } from '../cursor.ts';
import { outputWithList } from '../large-list/output-with-list.ts';
import { readLargeList } from '../large-list/read-large-list.ts';
import { procedure } from '../procedures.ts';
import { toChat } from './to-chat.ts';

const cursors = cursorKind(
  'chats',
  z.string().refine((text) => isId('chat', text)),
);

/** `chat.list`: lists the chats that the caller reaches, newest first, in pages. */
export const listChats = procedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/chat',
      operationId: 'listChats',
      tags: ['Chats'],
      summary: 'List chats',
      description:
        "Lists the team's chats, newest first. Filter by user, by type of agent, or by words of the title. " +
        'Without `limit` it returns all chats, up to 10,000 and 16 MiB; `nextCursor` is present if there are ' +
        'more.',
    },
    errors: ['invalid_cursor', 'user_not_allowed', 'overloaded', 'too_many_lists'],
  })
  .input(listChatsInputSchema)
  .output(outputWithList(chatListSchema, 'chats'))
  .query(async ({ ctx, input: { userId: named, agentType, search, limit, cursor } }) => {
    const { stores, scope } = ctx;
    const userId = ownUser(scope, named);
    const filter = { userId, agentType, search };
    const chatFilter = {
      ...(userId !== undefined && { user: userId }),
      ...(agentType !== undefined && { agentType }),
      ...(search !== undefined && { search }),
    };
    const { items, next } = await readLargeList(ctx, {
      read: (count, after) =>
        stores.chats.list(scope, chatFilter, { limit: count, ...(after !== undefined && { after }) }),
      limit: limit ?? limits.chatListMax,
      after: cursor === undefined ? undefined : cursors.decode(filter, cursor),
      toItem: toChat,
      positionOf: ({ id }) => id,
    });
    return { chats: items, ...(next && { nextCursor: cursors.encode(filter, next) }) };
  });
