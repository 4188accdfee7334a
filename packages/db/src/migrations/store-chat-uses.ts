import type { Id } from '@parley/contract';
import { trusted } from 'mongoose';
import { useUpdate } from '../chat/chat-model.ts';
import { lastUseOf } from '../chat/last-use.ts';
import type { MigrationContext } from './migration.ts';

const PAGE = 500;

/**
 * Stores when chats were last used, because release 0.1.0 does not. Reads the newest turn of each chat, and changes only chats
 * whose stored use is older.
 */
export async function storeChatUses({ models, signal }: MigrationContext): Promise<void> {
  const { chats } = models;
  let after: Id<'chat'> | undefined;
  for (;;) {
    signal.throwIfAborted();
    const page = await chats
      .find(after === undefined ? {} : { _id: trusted({ $gt: after }) }, fields)
      .sort({ _id: 1 })
      .limit(PAGE)
      .lean();
    const uses = await Promise.all(
      page.map(async ({ _id, team, createdAt, updatedAt, acceptedTurns = 0, endedTurns = 0 }) => {
        // A tombstone names no team.
        if (!team || !createdAt) return [];
        const { at, accepted = 0, ended = 0 } = await lastUseOf(models, _id, createdAt);
        if (updatedAt && updatedAt >= at && acceptedTurns >= accepted && endedTurns >= ended) return [];
        const update = useUpdate({ at, ...(accepted > 0 && { accepted }), ...(ended > 0 && { ended }) });
        return [{ updateOne: { filter: { _id, team }, update } }];
      }),
    );
    const updates = uses.flat();
    if (updates.length > 0) await chats.bulkWrite(updates, { ordered: false });
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last._id;
  }
}

const fields = { team: 1, createdAt: 1, updatedAt: 1, acceptedTurns: 1, endedTurns: 1 } as const;
