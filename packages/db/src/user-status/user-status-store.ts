import { compactAs, type Id, limits } from '@parley/contract';
import { trusted } from 'mongoose';
import { createFoundCache } from '../caching/found-cache.ts';
import type { Models } from '../models.ts';
import { hashOfUser } from './hash-of-user.ts';
import type { UserStatusDocument } from './user-status-model.ts';
import type { UserStatus, UserStatusStore } from './user-status-port.ts';

/**
 * Blocks and sign-outs. Most users have neither, so a process remembers for a few seconds that a team has none at
 * all, and asks for a single user only where the team has some.
 */
export function createUserStatusStore({ userStatuses }: Models): UserStatusStore {
  const lookUpTeam = createFoundCache<{ readonly hasAny: boolean }>();
  const lookUpUser = createFoundCache<UserStatus>();

  return {
    async block({ team }, user) {
      const now = new Date();
      // `$min` keeps the time of the first block.
      const update = {
        $min: { blockedAt: now },
        $set: { team, user },
        $unset: { forgetAt: 1 },
      };
      const found = await upsert(team, user, update);
      return found?.blockedAt ?? now;
    },

    async unblock({ team }, user) {
      const _id = hashOfUser(team, user);
      const { deletedCount } = await userStatuses.deleteOne({
        _id,
        team,
        signedOutAt: trusted({ $exists: false }),
      });
      if (deletedCount === 0) {
        const update = { $unset: { blockedAt: 1 }, $set: { forgetAt: forgetAt() } };
        await userStatuses.updateOne({ _id, team }, update);
      }
      forget(team, user);
    },

    async signOut({ team }, user) {
      const now = new Date();
      const found = await upsert(team, user, { $max: { signedOutAt: now }, $set: { team, user } });
      const isNotBlocked = {
        _id: hashOfUser(team, user),
        team,
        blockedAt: trusted({ $exists: false }),
      };
      await userStatuses.updateOne(isNotBlocked, { $set: { forgetAt: forgetAt() } });
      return found?.signedOutAt ?? now;
    },

    async find({ team }, user) {
      const known = await lookUpTeam(team, async () => {
        const found = await userStatuses.exists({ team });
        return { hasAny: found !== null };
      });
      if (!known?.hasAny) return {};
      const status = await lookUpUser(hashOfUser(team, user), () => read(team, user));
      return status ?? {};
    },

    findNow: ({ team }, user) => read(team, user),

    async listBlockedSince(since, limit, except) {
      const filter = {
        blockedAt: trusted({ $gte: since }),
        user: trusted({ $exists: true }),
        _id: trusted({ $nin: [...except] }),
      };
      const found = await userStatuses.find(filter).sort({ blockedAt: 1 }).limit(limit).lean();
      return found.flatMap(({ _id: id, team, user, blockedAt }) =>
        user === undefined || blockedAt === undefined ? [] : [{ id, team, user, blockedAt }],
      );
    },
  };

  async function read(team: Id<'team'>, user: string): Promise<UserStatus> {
    return toStatus(await userStatuses.findOne({ _id: hashOfUser(team, user), team }).lean());
  }

  async function upsert(team: Id<'team'>, user: string, update: object) {
    const found = await userStatuses
      .findOneAndUpdate({ _id: hashOfUser(team, user) }, update, { upsert: true, returnDocument: 'after' })
      .lean();
    forget(team, user);
    return found;
  }

  function forget(team: Id<'team'>, user: string): void {
    lookUpTeam.forget(team);
    lookUpUser.forget(hashOfUser(team, user));
  }
}

/** The status in a stored document. Most users have none. */
export function toStatus(found: UserStatusDocument | null): UserStatus {
  const { blockedAt, signedOutAt } = found ?? {};
  return compactAs<UserStatus>({ blockedAt, signedOutAt });
}

function forgetAt(): Date {
  return new Date(Date.now() + limits.userStatusSeconds * 1_000);
}
