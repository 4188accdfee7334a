import {
  isId,
  limits,
  type SearchResult,
  searchMessagesInputSchema,
  searchResultsSchema,
} from '@parley/contract';
import type { FoundMessage } from '@parley/db';
import { z } from 'zod';
import { cursorKind } from '../cursor.ts';
import { procedure } from '../procedures.ts';

const cursors = cursorKind(
  'search',
  z.string().refine((text) => isId('turn', text)),
);

/** `message.search`: finds messages by their words in the chats that the caller reaches, newest first. */
export const searchMessages = procedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/search',
      operationId: 'searchMessages',
      tags: ['Messages'],
      summary: 'Search messages',
      description:
        'Finds messages whose text contains all searched words, newest first. A message and its answer count as one text. A ' +
        'message is found about a second after its answer has ended. The search covers the first 2,000 different words of a ' +
        'message and its answer; Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese are searched by pairs of letters. A page ' +
        'may have fewer results than `limit`; `nextCursor` is present if there are more.',
    },
    errors: ['invalid_cursor'],
  })
  .input(searchMessagesInputSchema)
  .output(searchResultsSchema)
  .query(async ({ ctx: { stores, scope }, input: { q, limit = limits.searchResults, cursor } }) => {
    const filter = { q };
    const after = cursor === undefined ? undefined : cursors.decode(filter, cursor);
    const page = { limit, ...(after !== undefined && { after }) };
    const { items, next } = await stores.search.find(scope, q, page);
    return { results: items.map(toResult), ...(next && { nextCursor: cursors.encode(filter, next) }) };
  });

function toResult({ chat, message, title, snippet, createdAt }: FoundMessage): SearchResult {
  return {
    ...{ chatId: chat, messageId: message, ...(title !== undefined && { title }) },
    ...{ snippet, createdAt: createdAt.toISOString() },
  };
}
