import { z } from 'zod';
import { idSchema } from './id.ts';
import { limits } from './limits.ts';
import { cursorSchema, nextCursorSchema, pageLimitSchema } from './page.ts';
import { textSchema } from './text.ts';
import { timestampSchema } from './time.ts';

/** Input of `message.search`. */
export const searchMessagesInputSchema = z.strictObject({
  q: textSchema({ min: 1, max: limits.searchLengthMax }).meta({
    description:
      'Finds messages that contain all these words. The last one may be the beginning of a word, from its third letter on. Case ' +
      'and accents are ignored.',
    examples: ['capital fra'],
  }),
  limit: pageLimitSchema
    .refine((limit) => limit <= limits.searchResultsMax, `must be from 1 to ${limits.searchResultsMax}`)
    .optional()
    .meta({
      description: `The maximum number of results. Default: ${limits.searchResults}.`,
      examples: [20],
    }),
  cursor: cursorSchema.optional(),
});

/** A message that a search found. */
export const searchResultSchema = z
  .object({
    chatId: idSchema('chat'),
    messageId: idSchema('message'),
    title: z.string().optional().meta({ description: 'The title of the chat.' }),
    snippet: z
      .string()
      .meta({ description: 'The part of the text around the first found word, on one line.' }),
    createdAt: timestampSchema,
  })
  .meta({ id: 'SearchResult', description: 'A message that contains the searched words.' });

/** Output of `message.search`, newest first. */
export const searchResultsSchema = z
  .object({ results: z.array(searchResultSchema), nextCursor: nextCursorSchema.optional() })
  .meta({ id: 'SearchResults', description: 'Found messages, newest first.' });

/** Input of `message.search`. */
export type SearchMessagesInput = z.infer<typeof searchMessagesInputSchema>;
/** A message that a search found. */
export type SearchResult = z.infer<typeof searchResultSchema>;
/** A page of found messages, newest first. */
export type SearchResults = z.infer<typeof searchResultsSchema>;
