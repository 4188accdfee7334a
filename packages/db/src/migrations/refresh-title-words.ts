import type { Id } from '@parley/contract';
import { trusted } from 'mongoose';
import { beginningsOf } from '../chat/title-words.ts';
import type { MigrationContext } from './migration.ts';

const PAGE = 1_000;

/**
 * Stores the searchable words of titles again, because release 0.1.0 stored fewer of them. Changes only titles whose words differ,
 * and only if the title is still the one that was read.
 */
export async function refreshTitleWords({ models: { chats }, signal }: MigrationContext): Promise<void> {
  let after: Id<'chat'> | undefined;
  for (;;) {
    signal.throwIfAborted();
    const page = await chats
      .find(after === undefined ? {} : { _id: trusted({ $gt: after }) }, { title: 1, titleBeginnings: 1 })
      .sort({ _id: 1 })
      .limit(PAGE)
      .lean();
    const updates = page.flatMap(({ _id, title, titleBeginnings = [] }) => {
      if (title === undefined) return [];
      const words = beginningsOf(title);
      if (isSame(words, titleBeginnings)) return [];
      return [{ updateOne: { filter: { _id, title }, update: { $set: { titleBeginnings: words } } } }];
    });
    if (updates.length > 0) await chats.bulkWrite(updates, { ordered: false });
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last._id;
  }
}

function isSame(words: readonly string[], stored: readonly string[]): boolean {
  return words.length === stored.length && words.every((word, index) => word === stored[index]);
}
