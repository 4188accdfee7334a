import { compactAs, type Id } from '@parley/contract';
import { trusted } from 'mongoose';
import { isUnrevoked } from '../api-key/api-key-document.ts';
import { createFoundCache } from '../caching/found-cache.ts';
import { isDuplicateKey } from '../connection/database-errors.ts';
import { filterOf, greaterThan } from '../mapping/filter-of.ts';
import type { Models } from '../models.ts';
import type { TeamDocument } from './team-model.ts';
import type { TeamStore } from './team-port.ts';
import type { TeamInfo, TeamSettings } from './team-records.ts';

/** Creates the store of teams. It caches settings for a few seconds, because every message needs them. */
export function createTeamStore({ teams, apiKeys }: Models): TeamStore {
  const lookUp = createFoundCache<TeamSettings>();

  return {
    async create({ id, name }) {
      await teams.insertMany([{ _id: id, name, createdAt: new Date() }], { lean: true });
    },

    async exists(id) {
      return (await teams.exists({ _id: id })) !== null;
    },

    async findFirst() {
      const found =
        (await teams.findOne({ isFirst: true }).lean()) ?? (await teams.findOne({}).sort({ _id: 1 }).lean());
      return found ? { id: found._id, isPending: found.isPending === true } : undefined;
    },

    async createFirst({ id, name }) {
      try {
        const first = {
          _id: id,
          name,
          isFirst: true as const,
          isPending: true as const,
          createdAt: new Date(),
        };
        await teams.insertMany([first], { lean: true });
        return true;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return (await teams.exists({ _id: id })) !== null;
      }
    },

    async finishFirst(id) {
      await teams.updateOne({ _id: id }, { $unset: { isPending: 1 } });
    },

    async get({ team }) {
      const found = await teams.findOne({ _id: team }).lean();
      return found ? toInfo(found) : undefined;
    },

    async list(limit, after) {
      const found = await teams
        .find(filterOf({}, { _id: greaterThan(after) }))
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      return found.map(toInfo);
    },

    async update({ team }, change) {
      const given = Object.entries(change).filter(([, value]) => value !== undefined);
      const update = {
        $set: Object.fromEntries(given.filter(([, value]) => value !== null)),
        $unset: Object.fromEntries(given.filter(([, value]) => value === null).map(([name]) => [name, 1])),
      };
      const found = await teams.findOneAndUpdate({ _id: team }, update, { returnDocument: 'after' }).lean();
      lookUp.forget(team);
      return found ? toInfo(found) : undefined;
    },

    async findSettings({ team }) {
      const found = await lookUp(team, async () => {
        const document = await teams.findOne({ _id: team }, settingFields).lean();
        return document ? toSettings(document) : undefined;
      });
      return found ?? {};
    },

    async setTokenIssuer({ team }, by, { url, issuer, audience }) {
      const tokenIssuer = {
        ...{ url, issuer, audience, updatedAt: new Date() },
        ...{ issuedBy: by.id, issuers: [...by.issuers, by.familyId] },
      };
      // A process accepts a revoked key for some seconds. Such a key must not replace the existing issuer.
      if (!(await isUnrevoked(apiKeys, team, by.id))) return undefined;
      await teams.updateOne({ _id: team }, { $set: { tokenIssuer } });
      lookUp.forget(team);
      if (await isUnrevoked(apiKeys, team, by.id)) return tokenIssuer;
      // Either the revocation of the key finds this issuer, or this read finds the revocation.
      await remove({ _id: team, 'tokenIssuer.issuedBy': by.id });
      return undefined;
    },

    async hasTokenIssuerOf({ team }, family) {
      return (await teams.exists({ _id: team, 'tokenIssuer.issuers': family })) !== null;
    },

    deleteTokenIssuer: ({ team }, family) =>
      remove({
        _id: team,
        ...(family === undefined
          ? { tokenIssuer: trusted({ $exists: true }) }
          : { 'tokenIssuer.issuers': family }),
      }),
  };

  async function remove(having: { _id: Id<'team'> } & Record<string, unknown>): Promise<boolean> {
    const { modifiedCount } = await teams.updateOne(having, { $unset: { tokenIssuer: 1 } });
    lookUp.forget(having._id);
    return modifiedCount === 1;
  }
}

const settingFields = {
  tokensPerDay: 1,
  tokensPerDayPerUser: 1,
  concurrentTurns: 1,
  tokenIssuer: 1,
} as const;

function toInfo(document: TeamDocument): TeamInfo {
  const { _id: id, name, createdAt } = document;
  return { id, name, createdAt, ...toSettings(document) };
}

function toSettings(document: Pick<TeamDocument, keyof typeof settingFields>): TeamSettings {
  const { tokensPerDay, tokensPerDayPerUser, concurrentTurns, tokenIssuer } = document;
  return compactAs<TeamSettings>({ tokensPerDay, tokensPerDayPerUser, concurrentTurns, tokenIssuer });
}
