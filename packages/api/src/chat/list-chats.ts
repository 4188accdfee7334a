import { type Chat, chatListSchema, isId, limits, listChatsInputSchema } from '@parley/contract';
import type { ChatRecord, ChatStore } from '@parley/db';
import { z } from 'zod';
import { ownUser } from '../authorize.ts';
import { cursorKind } from '../cursor.ts';
import { outputWithList } from '../large-list/output-with-list.ts';
import { readLargeList } from '../large-list/read-large-list.ts';
import { procedure } from '../procedures.ts';
import { toChat } from './to-chat.ts';

const chatIdSchema = z.string().refine((text) => isId('chat', text));
const cursors = cursorKind('chats', chatIdSchema);
/** The id of a chat and the time of its last use in milliseconds; null for a chat without a time. */
const useCursors = cursorKind('chats by use', z.tuple([chatIdSchema, z.int().min(0).nullable()]));

/** Lists by last use continue after this place. */
type UsePosition = NonNullable<Parameters<ChatStore['listByUse']>[2]['after']>;

/** `chat.list`: lists the chats that the caller reaches in pages, the newest or the last used first. */
export const listChats = procedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/chat',
      operationId: 'listChats',
      tags: ['Chats'],
      summary: 'List chats',
      description:
        "Lists the team's chats, newest first, or with `order=updated` the last used first. Filter by user, by type of " +
        'agent, or by words of the title. A chat that is used between two pages moves to the first page. ' +
        'Without `limit` it returns all chats, up to 10,000 and 16 MiB; `nextCursor` is present if there are ' +
        'more.',
    },
    errors: ['invalid_cursor', 'user_not_allowed', 'overloaded', 'too_many_lists'],
  })
  .input(listChatsInputSchema)
  .output(outputWithList(chatListSchema, 'chats'))
  .query(async ({ ctx, input: { userId: named, agentType, search, order, limit, cursor } }) => {
    const { stores, scope } = ctx;
    const userId = ownUser(scope, named);
    const filter = { userId, agentType, search };
    const chatFilter = {
      ...(userId !== undefined && { user: userId }),
      ...(agentType !== undefined && { agentType }),
      ...(search !== undefined && { search }),
    };
    const list = { limit: limit ?? limits.chatListMax, toItem: toChat };
    if (order === 'updated') {
      const { items, next } = await readLargeList<ChatRecord, Chat, UsePosition>(ctx, {
        ...list,
        read: (count, after) =>
          stores.chats.listByUse(scope, chatFilter, { limit: count, ...(after && { after }) }),
        after: cursor === undefined ? undefined : fromUseCursor(useCursors.decode(filter, cursor)),
        positionOf: ({ id, updatedAt }) => ({ id, ...(updatedAt && { updatedAt }) }),
      });
      return { chats: items, ...(next && { nextCursor: useCursors.encode(filter, toUseCursor(next)) }) };
    }
    const { items, next } = await readLargeList(ctx, {
      ...list,
      read: (count, after) =>
        stores.chats.list(scope, chatFilter, { limit: count, ...(after !== undefined && { after }) }),
      after: cursor === undefined ? undefined : cursors.decode(filter, cursor),
      positionOf: ({ id }: ChatRecord) => id,
    });
    return { chats: items, ...(next && { nextCursor: cursors.encode(filter, next) }) };
  });

function toUseCursor({ id, updatedAt }: UsePosition): [UsePosition['id'], number | null] {
  return [id, updatedAt?.getTime() ?? null];
}

function fromUseCursor([id, time]: [UsePosition['id'], number | null]): UsePosition {
  return { id, ...(time !== null && { updatedAt: new Date(time) }) };
}
