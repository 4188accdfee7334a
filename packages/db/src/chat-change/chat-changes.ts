import type { Id } from '@parley/contract';
import { trusted } from 'mongoose';
import type { Models } from '../models.ts';
import { hashOfUser } from '../user-status/hash-of-user.ts';

interface ChangedChat {
  readonly _id: string;
  readonly team?: Id<'team'>;
  readonly user?: string;
  readonly agent?: Id<'agent'>;
}

/** Writes the changes that followers of lists read. */
export function createChatChanges({ chats, chatChanges }: Pick<Models, 'chats' | 'chatChanges'>) {
  const announceChats = async (found: readonly ChangedChat[]) => {
    if (found.length > 0) await chatChanges.bulkWrite(found.map(toUpsert), { ordered: false });
  };

  return {
    /** Announces chats that were read a moment ago. */
    announceChats,

    /** Announces the chats that match a filter and are not deleted. Returns their teams. */
    async announce(ids: readonly Id<'chat'>[], within: object = {}): Promise<Id<'team'>[]> {
      const filter = { _id: trusted({ $in: [...ids] }), team: trusted({ $exists: true }), ...within };
      const found = await chats.find(filter, { team: 1, user: 1, agent: 1 }).lean<ChangedChat[]>();
      await announceChats(found);
      return [...new Set(found.flatMap(({ team }) => team ?? []))];
    },

    /** Announces the deletion of a chat that was announced before it was marked deleted. */
    async announceDeletion(chat: Id<'chat'>): Promise<void> {
      await chatChanges.updateOne({ _id: chat }, { $currentDate: { at: true } });
    },

    /** Announces that many chats of a user changed. */
    async announceMove(team: Id<'team'>, user: string): Promise<void> {
      const hash = hashOfUser(team, user);
      const change = { $set: { team, user: hash }, $currentDate: { at: true as const } };
      await chatChanges.updateOne({ _id: hash }, change, { upsert: true });
    },
  };
}

/** The database sets the time, because the clocks of processes differ. */
function toUpsert({ _id, team, user, agent }: ChangedChat) {
  const isOfUser = team && user !== undefined;
  const update = {
    $set: { team, agent, ...(isOfUser && { user: hashOfUser(team, user) }) },
    ...(!isOfUser && { $unset: { user: 1 as const } }),
    $currentDate: { at: true as const },
  };
  return { updateOne: { filter: { _id }, update, upsert: true } };
}
