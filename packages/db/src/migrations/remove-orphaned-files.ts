import type { Id } from '@parley/contract';
import { trusted } from 'mongoose';
import { filterOf, greaterThan } from '../mapping/filter-of.ts';
import type { MigrationContext } from './migration.ts';
import { pagesOf } from './pages-of.ts';

const PAGE = 200;

/**
 * Marks the files of chats that no longer exist, because release 0.1.0 does not remove them together with a chat. The background
 * job then removes those that no turn names.
 */
export async function removeOrphanedFiles({ models, signal }: MigrationContext): Promise<void> {
  const { files, chats } = models;
  const pages = pagesOf({ limit: PAGE, signal }, (after?: Id<'file'>) =>
    files
      .find(filterOf({ chat: trusted({ $exists: true }) }, { _id: greaterThan(after) }), { chat: 1 })
      .sort({ _id: 1 })
      .limit(PAGE)
      .hint({ _id: 1 })
      .lean(),
  );
  for await (const page of pages) {
    const named = page.flatMap(({ chat }) => chat ?? []);
    // The tombstone of a deleted chat names no team.
    const areThere = { _id: trusted({ $in: named }), team: trusted({ $exists: true }) };
    const found = await chats.find(areThere, { _id: 1 }).lean();
    const there = new Set(found.map(({ _id }) => _id));
    const left = page.filter(({ chat }) => chat && !there.has(chat)).map(({ _id }) => _id);
    if (left.length > 0)
      await files.updateMany(
        { _id: trusted({ $in: left }), removedAt: trusted({ $exists: false }) },
        { $set: { expiringSince: new Date() } },
      );
  }
}
