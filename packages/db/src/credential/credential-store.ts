import { compact, compactAs, type Id } from '@parley/contract';
import { trusted } from 'mongoose';
import { accessOf } from '../api-key/api-key-document.ts';
import type { ApiKeyDocument } from '../api-key/api-key-model.ts';
import {
  type FamilyLimits,
  findFamilies,
  limitFields,
  limitsOf,
  limitsOfKey,
} from '../api-key/key-limits.ts';
import type { Models } from '../models.ts';
import { hashOfUser } from '../user-status/hash-of-user.ts';
import { toStatus } from '../user-status/user-status-store.ts';
import type { CredentialStore } from './credential-port.ts';
import type { LiveKey } from './credential-records.ts';

/** Creates the store of the credentials of open streams, which reads past every cache. */
export function createCredentialStore(models: Models): CredentialStore {
  const { apiKeys, signingSecrets, guests, userStatuses, teams } = models;

  return {
    async read(ids) {
      const statusIds = ids.users.map(({ team, user }) => hashOfUser(team, user));
      const isNotRevoked = { revokedAt: trusted({ $exists: false }) };
      const [foundKeys, families, foundSecrets, foundGuests, foundTeams, foundStatuses] = await Promise.all([
        ids.keys.length === 0
          ? []
          : apiKeys
              .find({ _id: trusted({ $in: [...ids.keys] }), ...isNotRevoked })
              .select({ ...limitFields, lineage: 1, issuers: 1, createdAt: 1, kind: 1, access: 1 })
              .lean(),
        findFamilies(models, ids.families),
        ids.secrets.length === 0
          ? []
          : signingSecrets
              .find({ _id: trusted({ $in: [...ids.secrets] }) })
              .select({ expiresAt: 1 })
              .lean(),
        ids.guests.length === 0
          ? []
          : guests
              .find({ _id: trusted({ $in: [...ids.guests] }) })
              .select({ movedTo: 1 })
              .lean(),
        ids.issuersOf.length === 0
          ? []
          : teams
              .find({ _id: trusted({ $in: [...ids.issuersOf] }) })
              .select({ tokenIssuer: 1 })
              .lean(),
        statusIds.length === 0 ? [] : userStatuses.find({ _id: trusted({ $in: statusIds }) }).lean(),
      ]);
      const statuses = new Map(foundStatuses.map((found) => [found._id, toStatus(found)]));
      return {
        keys: new Map(foundKeys.flatMap((found) => toLiveKey(found, families))),
        secrets: new Map(foundSecrets.map(({ _id, expiresAt }) => [_id, compact({ expiresAt })])),
        guests: new Set(foundGuests.flatMap(({ _id, movedTo }) => (movedTo === undefined ? [_id] : []))),
        issuers: new Map(
          foundTeams.flatMap(({ _id, tokenIssuer }) => (tokenIssuer ? [[_id, tokenIssuer] as const] : [])),
        ),
        statusOf: (team: Id<'team'>, user: string) => statuses.get(hashOfUser(team, user)) ?? {},
      };
    },
  };
}

/** A key with its current limits; none when it has ended with a key that issued it. */
function toLiveKey(
  found: ApiKeyDocument,
  families: ReadonlyMap<Id<'key'>, FamilyLimits>,
): [Id<'key'>, LiveKey][] {
  const { _id: id, issuers = [], createdAt, kind } = found;
  const ofIssuers = limitsOf(issuers, families, createdAt);
  if (!ofIssuers) return [];
  const { origins, expiresAt } = limitsOfKey(found, ofIssuers);
  return [[id, compactAs<LiveKey>({ kind, access: accessOf(found), origins, expiresAt })]];
}
