import { compact, compactAs, type Id, limits } from '@parley/contract';
import { trusted } from 'mongoose';
import { isDuplicateKey } from '../connection/database-errors.ts';
import { createCredentialCache } from '../credential/credential-cache.ts';
import { hashSecretText } from '../credential/secret-text.ts';
import type { Models } from '../models.ts';
import type { Scope } from '../scope.ts';
import { type ApiKeyKind, isApiKey, mintApiKey } from './api-key.ts';
import {
  accessOf,
  fieldsOf,
  isUnrevoked,
  keysWithin,
  type Origin,
  toKeyDocument,
  toKeyInfo,
  toKeyUpdate,
  updatable,
  working,
} from './api-key-document.ts';
import type { ApiKeyDocument } from './api-key-model.ts';
import type { ApiKeyStore } from './api-key-port.ts';
import type {
  ApiKeyFields,
  ApiKeyInfo,
  ApiKeyReach,
  ApiKeyRecord,
  IssuedApiKey,
  IssuerLimits,
} from './api-key-records.ts';
import { findFamilies, limitFields, limitsOf, limitsOfKey } from './key-limits.ts';

type Fields = ApiKeyFields & ApiKeyReach;

/** Creates the store of API keys. It caches keys for a few seconds, because every request needs one. */
export function createApiKeyStore({ apiKeys }: Models): ApiKeyStore {
  const lookUp = createCredentialCache<ApiKeyRecord>();

  return {
    async create(scope, key, fields = {}) {
      await insert(scope, key, fields);
    },

    issue: (scope, kind, fields) => issue(scope, kind, fields),

    async issueFrom(scope, { id, familyId, issuers }, kind, fields) {
      const made = await issue(scope, kind, fields, { issuedBy: id, issuers: [...issuers, familyId] });
      return keepUnlessRevoked(scope, made, id);
    },

    async get(scope, id) {
      const found = await apiKeys.findOne({ ...keysWithin(scope), _id: id }).lean();
      return found ? toKeyInfo(found) : undefined;
    },

    async list(scope, limit) {
      const found = await apiKeys.find(keysWithin(scope)).sort({ _id: -1 }).limit(limit).lean();
      return found.map(toKeyInfo);
    },

    async update({ team }, id, fields) {
      const isTheirs = { _id: id, ...updatable(team, fields) };
      const found = await apiKeys
        .findOneAndUpdate(isTheirs, toKeyUpdate(fields), { returnDocument: 'after' })
        .lean();
      if (!found) return (await apiKeys.exists({ _id: id, ...working(team) })) ? 'replaced' : 'ended';
      lookUp.forget(found.hash);
      if (fields.expiresAt) await endIssued(found, fields.expiresAt);
      return toKeyInfo(found);
    },

    async roll(scope, id, until) {
      const old = await apiKeys.findOne({ _id: id, ...working(scope.team) }).lean();
      if (!old) return undefined;
      const { lineage = id, issuedBy, issuers, kind } = old;
      const origin = compactAs<Origin>({ lineage, issuedBy, issuers });
      // The new key comes first, so that one of the two works at any time.
      const made = await keepUnlessRevoked(scope, await issue(scope, kind, fieldsOf(old), origin), id);
      if (made) await replace(old, until);
      return made;
    },

    async revoke({ team }, id, withIssued = false) {
      const now = new Date();
      const found = await apiKeys
        .findOneAndUpdate(
          { _id: id, team },
          compact({ $min: { revokedAt: now }, $max: withIssued ? { issuedRevokedAt: now } : undefined }),
        )
        .lean();
      if (!found) return false;
      lookUp.forget(found.hash);
      if (found.replacedAt) await endIssued(found, now);
      return true;
    },

    async listIssued({ team }, family, limit) {
      const found = await apiKeys
        .find({ issuers: family, ...working(team) }, { _id: 1 })
        .limit(limit)
        .lean();
      return found.map(({ _id }) => _id);
    },

    async revokeIssued({ team }, family, ids) {
      const theirs = { _id: trusted({ $in: [...ids] }), issuers: family, team };
      const found = await apiKeys.find(theirs, { hash: 1 }).limit(ids.length).lean();
      await apiKeys.updateMany(theirs, { $min: { revokedAt: new Date() } });
      for (const { hash } of found) lookUp.forget(hash);
    },

    findIssuerLimits,

    async find(key, guard) {
      if (!isApiKey(key)) return undefined;
      const hash = hashSecretText(key);
      return lookUp(hash, () => findByHash(hash), guard);
    },
  };

  async function issue(
    scope: Scope,
    kind: ApiKeyKind,
    fields: Fields,
    origin: Origin = {},
  ): Promise<IssuedApiKey> {
    const key = mintApiKey(kind);
    return { key, info: await insert(scope, key, fields, origin) };
  }

  /**
   * A revocation stores its own mark before it lists the keys that it ends. A key that is inserted after the mark
   * sees it here, so none escapes.
   */
  async function keepUnlessRevoked(
    { team }: Scope,
    made: IssuedApiKey,
    parent: Id<'key'>,
  ): Promise<IssuedApiKey | undefined> {
    if (await isUnrevoked(apiKeys, team, parent)) return made;
    await apiKeys.deleteOne({ _id: made.info.id, team });
    return undefined;
  }

  /** Ends the keys that a rolled key issued since its roll. The other keys of its family stay with its successor. */
  async function endIssued(
    { _id: id, lineage = id, team, replacedAt }: ApiKeyDocument,
    expiresAt: Date,
  ): Promise<void> {
    const sinceRolled = replacedAt && { issuedBy: id, createdAt: trusted({ $gt: replacedAt }) };
    await apiKeys.updateMany({ issuers: lineage, team, ...sinceRolled }, { $min: { expiresAt } });
  }

  async function replace(old: ApiKeyDocument, until: Date): Promise<void> {
    const { _id, team, replacedAt, expiresAt } = old;
    const first = compact({ replacedAt: new Date(), familyExpiresAt: expiresAt });
    const $set = replacedAt ? undefined : first;
    await apiKeys.updateOne({ _id, team }, compact({ $min: { expiresAt: until }, $set }));
    lookUp.forget(old.hash);
  }

  async function insert(
    { team }: Scope,
    key: string,
    fields: Fields,
    origin: Origin = {},
  ): Promise<ApiKeyInfo> {
    const document = toKeyDocument(team, key, fields, origin);
    try {
      await apiKeys.insertMany([document], { lean: true });
      lookUp.forget(document.hash);
      return toKeyInfo(document);
    } catch (error) {
      // An earlier call stored the key, unless it belongs to another team.
      const kept = isDuplicateKey(error) && (await apiKeys.findOne({ hash: document.hash, team }).lean());
      if (!kept) throw error;
      return toKeyInfo(kept);
    }
  }

  async function findByHash(hash: string): Promise<ApiKeyRecord | undefined> {
    const found = await apiKeys
      .findOne(
        { hash, revokedAt: trusted({ $exists: false }) },
        {
          ...{ ...limitFields, lineage: 1, issuers: 1, createdAt: 1, team: 1, kind: 1, lastUsedAt: 1 },
          ...{ access: 1, scopes: 1, agents: 1 },
        },
      )
      .lean();
    if (!found || isPast(found.expiresAt)) return undefined;
    const { _id: id, lineage: familyId = id, team, issuers = [], createdAt } = found;
    const above = await findIssuerLimits({ team }, issuers, createdAt);
    const bounds = above && limitsOfKey(found, above);
    if (!bounds || isPast(bounds.expiresAt)) return undefined;
    noteUse(found);
    const { kind, scopes, agents } = found;
    return compactAs<ApiKeyRecord>({
      ...{ id, familyId, issuers, team, kind, access: accessOf(found), scopes, agents },
      ...{ origins: undefined, expiresAt: undefined, ...bounds },
    });
  }

  /** Read with each key that has issuers, and not cached: two caches in a row would exceed the maximum age of a key. */
  async function findIssuerLimits(
    { team }: Scope,
    issuers: readonly Id<'key'>[],
    createdAt?: Date,
  ): Promise<IssuerLimits | undefined> {
    return limitsOf(issuers, await findFamilies({ apiKeys }, issuers, team), createdAt);
  }

  /** No request waits for it, and a failure only loses a timestamp. */
  function noteUse({ _id, lastUsedAt }: Pick<ApiKeyDocument, '_id' | 'lastUsedAt'>): void {
    const now = new Date();
    if (lastUsedAt && now.getTime() - lastUsedAt.getTime() < limits.keyLastUsedEveryMs) return;
    apiKeys.updateOne({ _id }, { $max: { lastUsedAt: now } }).catch(() => undefined);
  }
}

function isPast(time: Date | undefined): boolean {
  return time !== undefined && time <= new Date();
}
