import type { Id } from '@parley/contract';
import { trusted } from 'mongoose';
import { filterOf, greaterThan } from '../mapping/filter-of.ts';
import type { Models } from '../models.ts';
import { createSearchEntries } from '../search/search-entries.ts';
import type { MigrationContext } from './migration.ts';
import { pagesOf } from './pages-of.ts';

const PAGE = 500;

/**
 * Makes the messages found that release 0.1.0 has stored, because it does not. Then corrects the entries of chats that it has
 * deleted, or given to a user who claimed them.
 */
export async function fillSearch({ models, signal }: MigrationContext): Promise<void> {
  const { turns, searchEntries } = models;
  const entries = createSearchEntries(models);
  const ids = pagesOf({ limit: PAGE, signal }, (after?: Id<'turn'>) =>
    turns
      .find(filterOf({}, { _id: greaterThan(after) }), { _id: 1 })
      .sort({ _id: 1 })
      .limit(PAGE)
      .lean(),
  );
  for await (const page of ids) await entries.add(await missing(models, page));
  const stored = pagesOf({ limit: PAGE, signal }, (after?: Id<'turn'>) =>
    searchEntries
      .find(filterOf({}, { _id: greaterThan(after) }), { chat: 1, user: 1 })
      .sort({ _id: 1 })
      .limit(PAGE)
      .lean(),
  );
  for await (const page of stored) await entries.correct(page);
}

async function missing(
  { searchEntries }: Models,
  page: readonly { readonly _id: Id<'turn'> }[],
): Promise<Id<'turn'>[]> {
  const ids = page.map(({ _id }) => _id);
  const found = await searchEntries.find({ _id: trusted({ $in: ids }) }, { _id: 1 }).lean();
  const there = new Set(found.map(({ _id }) => _id));
  return ids.filter((id) => !there.has(id));
}
