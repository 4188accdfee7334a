import type { Id } from '@parley/contract';
import { beginningsOf } from '../chat/title-words.ts';
import { filterOf, greaterThan } from '../mapping/filter-of.ts';
import type { MigrationContext } from './migration.ts';
import { pagesOf } from './pages-of.ts';

const PAGE = 1_000;

/**
 * Stores the searchable words of titles again, because release 0.1.0 stored fewer of them. Changes only titles whose words differ,
 * and only if the title is still the one that was read.
 */
export async function refreshTitleWords({ models: { chats }, signal }: MigrationContext): Promise<void> {
  const pages = pagesOf({ limit: PAGE, signal }, (after?: Id<'chat'>) =>
    chats
      .find(filterOf({}, { _id: greaterThan(after) }), { title: 1, titleBeginnings: 1 })
      .sort({ _id: 1 })
      .limit(PAGE)
      .lean(),
  );
  for await (const page of pages) {
    const updates = page.flatMap(({ _id, title, titleBeginnings = [] }) => {
      if (title === undefined) return [];
      const words = beginningsOf(title);
      if (isSame(words, titleBeginnings)) return [];
      return [{ updateOne: { filter: { _id, title }, update: { $set: { titleBeginnings: words } } } }];
    });
    if (updates.length > 0) await chats.bulkWrite(updates, { ordered: false });
  }
}

function isSame(words: readonly string[], stored: readonly string[]): boolean {
  return words.length === stored.length && words.every((word, index) => word === stored[index]);
}
