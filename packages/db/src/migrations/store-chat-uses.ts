import type { Id } from '@parley/contract';
import { useUpdate } from '../chat/chat-model.ts';
import { lastUseOf } from '../chat/last-use.ts';
import { filterOf, greaterThan } from '../mapping/filter-of.ts';
import type { MigrationContext } from './migration.ts';
import { pagesOf } from './pages-of.ts';

const PAGE = 500;

/**
 * Stores when chats were last used, because release 0.1.0 does not. Reads the newest turn of each chat, and changes only chats
 * whose stored use is older.
 */
export async function storeChatUses({ models, signal }: MigrationContext): Promise<void> {
  const { chats } = models;
  const pages = pagesOf({ limit: PAGE, signal }, (after?: Id<'chat'>) =>
    chats
      .find(filterOf({}, { _id: greaterThan(after) }), fields)
      .sort({ _id: 1 })
      .limit(PAGE)
      .lean(),
  );
  for await (const page of pages) {
    const uses = await Promise.all(
      page.map(async ({ _id, team, createdAt, updatedAt, acceptedTurns = 0, endedTurns = 0 }) => {
        // A tombstone names no team.
        if (!team || !createdAt) return [];
        const use = await lastUseOf(models, _id, createdAt);
        const { at, accepted = 0, ended = 0 } = use;
        if (updatedAt && updatedAt >= at && acceptedTurns >= accepted && endedTurns >= ended) return [];
        return [{ updateOne: { filter: { _id, team }, update: useUpdate(use) } }];
      }),
    );
    const updates = uses.flat();
    if (updates.length > 0) await chats.bulkWrite(updates, { ordered: false });
  }
}

const fields = { team: 1, createdAt: 1, updatedAt: 1, acceptedTurns: 1, endedTurns: 1 } as const;
