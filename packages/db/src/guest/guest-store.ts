import { compactAs, type Id, limits, mintId } from '@parley/contract';
import { trusted } from 'mongoose';
import { createChatChanges } from '../chat-change/chat-changes.ts';
import { createCredentialCache } from '../credential/credential-cache.ts';
import { hashSecretText, isSecretText, mintSecretText } from '../credential/secret-text.ts';
import type { Models } from '../models.ts';
import { createSearchEntries } from '../search/search-entries.ts';
import type { GuestStore } from './guest-port.ts';
import type { GuestMove, GuestRecord } from './guest-records.ts';

const PREFIX = 'gt_live_';
/** The precision of the last visit, which only decides when a guest is removed. */
const SEEN_EVERY_MS = 24 * 60 * 60 * 1_000;
/** For this long a process that has cached a guest may still create chats for them. */
const SETTLED_MS = 10 * limits.cacheMs;

/** Creates the store of guests. It caches guests for a few seconds, because each of their requests needs one. */
export function createGuestStore(models: Models): GuestStore {
  const { guests, chats, files } = models;
  const changes = createChatChanges(models);
  const search = createSearchEntries(models);
  const lookUp = createCredentialCache<GuestRecord>();

  return {
    async create({ team }, familyId, network) {
      const token = mintSecretText(PREFIX);
      const now = new Date();
      const id = mintId('guest');
      const document = {
        _id: id,
        team,
        lineage: familyId,
        hash: hashSecretText(token),
        createdAt: now,
        seenAt: now,
        ...(network !== undefined && { network }),
      };
      await guests.insertMany([document], { lean: true });
      return { id, token };
    },

    async find({ team }, token, guard) {
      if (!isSecretText(PREFIX, token)) return undefined;
      const hash = hashSecretText(token);
      return lookUp(`${team}/${hash}`, () => findByHash(team, hash), guard);
    },

    async noteSeen({ team }, { id, seenAt }) {
      const now = new Date();
      if (now.getTime() - seenAt.getTime() < SEEN_EVERY_MS) return;
      await guests.updateOne({ _id: id, team }, { $max: { seenAt: now } });
    },

    async move({ team }, id, user) {
      const isFree = { _id: id, team, movedTo: trusted({ $exists: false }) };
      const { matchedCount } = await guests.updateOne(isFree, {
        $set: { movedTo: user, movingSince: new Date() },
        $unset: { network: 1 },
      });
      if (matchedCount === 0 && (await guests.exists({ _id: id, team, movedTo: user })) === null)
        return false;
      await moveChats(team, id, user);
      return true;
    },

    async listMoves(limit, except) {
      const moving = await guests
        .find({ movingSince: trusted({ $exists: true }), _id: trusted({ $nin: [...except] }) })
        .sort({ movingSince: 1 })
        .limit(limit)
        .lean();
      return moving.map(({ _id: id, team, movedTo, movingSince }) =>
        compactAs<GuestMove>({ id, team, movedTo, movingSince }),
      );
    },

    async finishMove({ id, team, movedTo, movingSince }) {
      if (movedTo !== undefined) await moveChats(team, id, movedTo);
      if (movingSince && movingSince.getTime() < Date.now() - SETTLED_MS) {
        await guests.updateOne({ _id: id }, { $unset: { movingSince: 1 } });
      }
    },
  };

  async function moveChats(team: Id<'team'>, guest: Id<'guest'>, user: string): Promise<void> {
    const { matchedCount } = await chats.updateMany({ team, user: guest }, { $set: { user } });
    await search.move(team, guest, user);
    await files.updateMany({ team, user: guest }, { $set: { user } });
    if (matchedCount > 0) await changes.announceMove(team, user);
  }

  async function findByHash(team: Id<'team'>, hash: string): Promise<GuestRecord | undefined> {
    const found = await guests.findOne({ hash, team }).lean();
    if (!found) return undefined;
    const { _id: id, lineage: familyId, createdAt, seenAt, network, movedTo } = found;
    return compactAs<GuestRecord>({ id, familyId, createdAt, seenAt, network, movedTo });
  }
}
