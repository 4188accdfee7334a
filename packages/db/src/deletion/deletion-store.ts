import { compactAs, type Id, isId, limits, mintId } from '@parley/contract';
import { trusted } from 'mongoose';
import { tombstoneUpdate } from '../chat/chat-model.ts';
import { createChatChanges } from '../chat-change/chat-changes.ts';
import { ConflictPauses } from '../connection/conflict-pauses.ts';
import { isDuplicateKey } from '../connection/database-errors.ts';
import { createFileRemover } from '../file/remove-files.ts';
import { filterOf, greaterThan } from '../mapping/filter-of.ts';
import type { Models } from '../models.ts';
import { hashOfUser } from '../user-status/hash-of-user.ts';
import type { DeletionDocument } from './deletion-model.ts';
import type { DeletionRecord, DeletionStore } from './deletion-port.ts';

/** For this long a process that has cached a key or a guest may still create chats for them. */
const SETTLED_MS = 10 * limits.cacheMs;

/** Collections whose documents go with the team's chats, or with the deletion itself. */
const NOT_REST: ReadonlySet<string> = new Set(['teams', 'chats', 'turns', 'turnLog', 'files', 'deletions']);

/** Files that are not removed yet. The content of an upload that goes on is removed when it has ended. */
const isThere = { removedAt: trusted({ $exists: false }) };

/** A hint, because the planner prefers to read all sums of the team while there are few. */
const USAGE_OF_USER = { team: 1, user: 1 } as const;

/** Creates the store of deletions. */
export function createDeletionStore(models: Models): DeletionStore {
  const { deletions, teams, apiKeys, signingSecrets, guests, chats, usage } = models;
  const { userStatuses, visitorExchanges } = models;
  const changes = createChatChanges(models);
  const { removeFiles } = createFileRemover(models);

  return {
    begin: ({ team }, user) => begin(team, user),

    beginTeam: (team) => begin(team, undefined),

    async listPending(limit, after) {
      const found = await deletions
        .find(filterOf({ isPending: true as const }, { _id: greaterThan(after) }))
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      return found.map(toRecord);
    },

    async revokeCredentials({ team, user }) {
      if (user === undefined) {
        await Promise.all([
          teams.deleteOne({ _id: team }),
          apiKeys.deleteMany({ team }),
          signingSecrets.deleteMany({ team }),
        ]);
        return [];
      }
      if (isId('guest', user)) await guests.deleteOne({ _id: user, team });
      await visitorExchanges.deleteMany({ team, user });
      const taken = await guests
        .find({ team, movedTo: user }, { _id: 1 })
        .limit(limits.cacheEntriesMax)
        .lean();
      // Each deletion is stored before its guest is removed, because only the guest's document names the chats.
      const begun: DeletionRecord[] = [];
      for (const { _id } of taken) begun.push(await begin(team, _id));
      await guests.deleteMany({ team, _id: trusted({ $in: taken.map(({ _id }) => _id) }) });
      return begun;
    },

    async markChats({ id, team, user }, limit) {
      const theirs = filterOf({ team }, { user });
      const found = await chats.find(theirs, { team: 1, user: 1, agent: 1 }).limit(limit).lean();
      // A tombstone names no owner: the purge only announces again what was announced before.
      await changes.announceChats(found);
      const { $set, $unset } = tombstoneUpdate();
      await chats.updateMany(
        { _id: trusted({ $in: found.map(({ _id }) => _id) }), ...theirs },
        { $set: { ...$set, deletion: id }, $unset },
      );
      return found.length;
    },

    async listChats({ id }, limit, except) {
      const isLeft = { deletion: id, _id: trusted({ $nin: [...except] }) };
      const found = await chats.find(isLeft, { _id: 1 }).limit(limit).lean();
      return found.map(({ _id }) => _id);
    },

    async removeChat({ id }, chat) {
      await chats.deleteOne({ _id: chat, deletion: id });
    },

    async removeRest({ id, team, user }, limit) {
      if (user !== undefined) return forgetUser(team, user, limit);
      let count = await removeFiles({ team, ...isThere }, limit);
      for (const model of restOf(models)) {
        const found = await model.find({ team }, { _id: 1 }).limit(limit).lean();
        count += found.length;
        if (found.length > 0) await model.deleteMany({ _id: trusted({ $in: found.map(({ _id }) => _id) }) });
      }
      const others = await deletions
        .find({ team, _id: trusted({ $ne: id }) }, { _id: 1 })
        .limit(limit)
        .lean();
      await deletions.deleteMany({ _id: trusted({ $in: others.map(({ _id }) => _id) }) });
      return count + others.length;
    },

    async finish(deletion, now) {
      const { id, team, user, createdAt } = deletion;
      const canBeRemembered = user === undefined || isId('guest', user);
      if (canBeRemembered && now.getTime() - createdAt.getTime() < SETTLED_MS) return undefined;
      if (user === undefined) await deletions.deleteOne({ _id: id, team });
      else {
        const finished = { $set: { finishedAt: now }, $unset: { user: 1, isPending: 1 } };
        await deletions.updateOne({ _id: id, team }, finished);
      }
      return { id, team, createdAt, finishedAt: now };
    },
  };

  /** Removes the user from the usage. The counts stay in the team's sums. */
  async function forgetUser(team: Id<'team'>, user: string, limit: number): Promise<number> {
    // Blocks and sign-outs outlive the data, without the user's name.
    await userStatuses.updateOne({ _id: hashOfUser(team, user), team }, { $unset: { user: 1 } });
    const removed = await removeFiles({ team, user, ...isThere }, limit);
    const found = await usage.find({ team, user }, { _id: 1 }).limit(limit).hint(USAGE_OF_USER).lean();
    if (found.length === 0) return removed;
    await usage.updateMany({ _id: trusted({ $in: found.map(({ _id }) => _id) }) }, { $unset: { user: 1 } });
    return removed + found.length;
  }

  async function begin(team: Id<'team'>, user: string | undefined): Promise<DeletionRecord> {
    const ofWhom = user === undefined ? { user: trusted({ $exists: false }) } : { user };
    const _id = mintId('deletion');
    const document = compactAs<DeletionDocument>({
      ...{ _id, team, user, isPending: true, createdAt: new Date(), finishedAt: undefined },
    });
    for (const pauses = new ConflictPauses(); ; await pauses.next()) {
      const found = await deletions.findOne({ team, isPending: true, ...ofWhom }).lean();
      if (found) return toRecord(found);
      try {
        await deletions.insertMany([document], { lean: true });
        return toRecord(document);
      } catch (error) {
        // Another process has just begun the same deletion.
        if (!isDuplicateKey(error)) throw error;
      }
    }
  }
}

/** A collection whose documents belong to teams, with the functions that are used here. */
interface TeamCollection {
  find(
    filter: { team: string },
    fields: { _id: 1 },
  ): { limit(limit: number): { lean(): Promise<{ _id: string }[]> } };
  deleteMany(filter: { _id: object }): Promise<unknown>;
}

/** Every collection whose documents name their team, including collections that are added later. */
function restOf(models: Models): TeamCollection[] {
  return Object.values(models)
    .filter(({ schema, collection: { name } }) => Object.hasOwn(schema.paths, 'team') && !NOT_REST.has(name))
    .map((model) => model as unknown as TeamCollection);
}

function toRecord({ _id: id, team, user, createdAt, finishedAt }: DeletionDocument): DeletionRecord {
  return compactAs<DeletionRecord>({ id, team, user, createdAt, finishedAt });
}
