import { chatListSchema, isId, limits, listChatsInputSchema } from '@parley/contract';
import { z } from 'zod';
import { cursorKind } from '../cursor.ts';
import { ownUser } from '../permit.ts';
import { procedure } from '../procedures.ts';
import { toChat } from './to-chat.ts';

const cursors = cursorKind(
  'chats',
  z.string().refine((text) => isId('chat', text)),
);

export const listChats = procedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/chat',
      operationId: 'listChats',
      tags: ['Chats'],
      summary: 'List chats',
      description:
        "The team's chats, newest first, filtered by user, by agent type, by words of the title. All of them up to " +
        '10,000; beyond that, or with `limit`, `nextCursor` leads on.',
    },
    errors: ['invalid_cursor', 'user_not_allowed'],
  })
  .input(listChatsInputSchema)
  .output(chatListSchema)
  .query(async ({ ctx: { stores, scope }, input: { userId: named, agentType, search, limit, cursor } }) => {
    const userId = ownUser(scope, named);
    const filter = { userId, agentType, search };
    const after = cursor === undefined ? undefined : cursors.decode(filter, cursor);
    const { items, next } = await stores.chats.list(
      scope,
      {
        ...(userId !== undefined && { user: userId }),
        ...(agentType !== undefined && { agentType }),
        ...(search !== undefined && { search }),
      },
      { limit: limit ?? limits.chatListMax, ...(after !== undefined && { after }) },
    );
    return { chats: items.map(toChat), ...(next && { nextCursor: cursors.encode(filter, next) }) };
  });
