import { type Id, limits, mintId } from '@parley/contract';
import { trusted } from 'mongoose';
import { type ApiKeyKind, isApiKey, kindOf, mintApiKey } from './api-key.ts';
import { createCredentialCache } from './credential-cache.ts';
import { isDuplicateKey } from './database-errors.ts';
import type { ApiKeyDocument, Models } from './models.ts';
import type { ApiKeyFields, ApiKeyInfo, ApiKeyReach, ApiKeyRecord, IssuedApiKey, Scope } from './records.ts';
import { hashSecretText, visibleStart } from './secret-text.ts';
import type { ApiKeyStore } from './store.ts';

/** Keys that were found are remembered for a few seconds: every request brings one. */
export function createApiKeyStore({ apiKeys }: Models): ApiKeyStore {
  const lookUp = createCredentialCache<ApiKeyRecord>();

  return {
    async create(scope, key, fields = {}) {
      await insert(scope, key, fields);
    },

    issue: (scope, kind, fields) => issue(scope, kind, fields),

    async get({ team }, id) {
      const found = await apiKeys.findOne({ _id: id, team }).lean();
      return found ? toInfo(found) : undefined;
    },

    async list({ team }, limit) {
      const found = await apiKeys.find({ team }).sort({ _id: -1 }).limit(limit).lean();
      return found.map(toInfo);
    },

    async update({ team }, id, fields) {
      const found = await apiKeys
        .findOneAndUpdate(working(team, id), toUpdate(fields), { returnDocument: 'after' })
        .lean();
      return found ? toInfo(found) : undefined;
    },

    async roll(scope, id, until) {
      const old = await apiKeys.findOne(working(scope.team, id)).lean();
      if (!old) return undefined;
      const { name, access, origins, scopes, agents, tokensPerDay } = old;
      const fields = {
        ...(name !== undefined && { name }),
        ...(access && { access }),
        ...(origins && { origins }),
        ...(scopes && { scopes }),
        ...(agents && { agents }),
        ...(tokensPerDay !== undefined && { tokensPerDay }),
      };
      // The new one first: whatever happens in between, one of the two works.
      const made = await issue(scope, old.kind, fields, old.lineage ?? old._id);
      await apiKeys.updateOne({ _id: id, team: scope.team }, { $min: { expiresAt: until } });
      return made;
    },

    async revoke({ team }, id) {
      const isThere = { _id: id, team };
      const { matchedCount } = await apiKeys.updateOne(
        { ...isThere, revokedAt: trusted({ $exists: false }) },
        { $set: { revokedAt: new Date() } },
      );
      return matchedCount === 1 || (await apiKeys.exists(isThere)) !== null;
    },

    async find(key, guard) {
      if (!isApiKey(key)) return undefined;
      const hash = hashSecretText(key);
      return lookUp(hash, () => findByHash(hash), guard);
    },
  };

  async function issue(
    scope: Scope,
    kind: ApiKeyKind,
    fields: ApiKeyFields & ApiKeyReach,
    lineage?: Id<'key'>,
  ): Promise<IssuedApiKey> {
    const key = mintApiKey(kind);
    return { key, info: await insert(scope, key, fields, lineage) };
  }

  async function insert(
    { team }: Scope,
    key: string,
    fields: ApiKeyFields & ApiKeyReach,
    lineage?: Id<'key'>,
  ): Promise<ApiKeyInfo> {
    const document: ApiKeyDocument = {
      _id: mintId('key'),
      ...(lineage && { lineage }),
      team,
      kind: kindOf(key),
      hash: hashSecretText(key),
      visibleStart: visibleStart(key),
      ...(fields.name !== undefined && { name: fields.name }),
      ...(fields.access && { access: fields.access }),
      ...(fields.origins?.length && { origins: [...fields.origins] }),
      ...(fields.scopes && { scopes: [...fields.scopes] }),
      ...(fields.agents && { agents: [...fields.agents] }),
      ...(typeof fields.tokensPerDay === 'number' && { tokensPerDay: fields.tokensPerDay }),
      createdAt: new Date(),
      ...(fields.expiresAt && { expiresAt: fields.expiresAt }),
    };
    try {
      await apiKeys.insertMany([document], { lean: true });
      lookUp.forget(document.hash);
      return toInfo(document);
    } catch (error) {
      // The same key again: it was stored before, unless it is another team's.
      const kept = isDuplicateKey(error) && (await apiKeys.findOne({ hash: document.hash, team }).lean());
      if (!kept) throw error;
      return toInfo(kept);
    }
  }

  async function findByHash(hash: string): Promise<ApiKeyRecord | undefined> {
    const found = await apiKeys
      .findOne(
        { hash, revokedAt: trusted({ $exists: false }) },
        {
          ...{ team: 1, kind: 1, expiresAt: 1, lineage: 1, lastUsedAt: 1 },
          ...{ access: 1, origins: 1, scopes: 1, agents: 1, tokensPerDay: 1 },
        },
      )
      .lean();
    if (!found || (found.expiresAt && found.expiresAt <= new Date())) return undefined;
    noteUse(found);
    const { _id: id, lineage = id, team, kind, access, origins, scopes, agents, tokensPerDay } = found;
    return {
      id,
      lineage,
      team,
      kind,
      ...(kind === 'publishable' && { access: access ?? 'open' }),
      ...(origins && { origins }),
      ...(scopes && { scopes }),
      ...(agents && { agents }),
      ...(tokensPerDay !== undefined && { tokensPerDay }),
    };
  }

  /** Nobody waits for it, and nothing is lost with it but a time. */
  function noteUse({ _id, lastUsedAt }: Pick<ApiKeyDocument, '_id' | 'lastUsedAt'>): void {
    const now = new Date();
    if (lastUsedAt && now.getTime() - lastUsedAt.getTime() < limits.keyLastUsedEveryMs) return;
    apiKeys.updateOne({ _id }, { $max: { lastUsedAt: now } }).catch(() => undefined);
  }
}

/** A key that neither was revoked nor has expired. */
function working(team: Id<'team'>, id: Id<'key'>) {
  return {
    _id: id,
    team,
    revokedAt: trusted({ $exists: false }),
    $or: [{ expiresAt: trusted({ $exists: false }) }, { expiresAt: trusted({ $gt: new Date() }) }],
  };
}

function toUpdate({ name, access, origins, expiresAt, tokensPerDay }: ApiKeyFields) {
  return {
    $set: {
      ...(name !== undefined && { name }),
      ...(access && { access }),
      ...(origins?.length && { origins }),
      ...(expiresAt && { expiresAt }),
      ...(typeof tokensPerDay === 'number' && { tokensPerDay }),
    },
    $unset: {
      ...(origins?.length === 0 && { origins: 1 }),
      ...(tokensPerDay === null && { tokensPerDay: 1 }),
    },
  };
}

function toInfo(document: ApiKeyDocument): ApiKeyInfo {
  const { _id: id, kind, visibleStart: start, name, origins, createdAt } = document;
  const { access = 'open', scopes, agents, tokensPerDay, lastUsedAt, expiresAt, revokedAt } = document;
  return {
    id,
    kind,
    visibleStart: start,
    ...(name !== undefined && { name }),
    ...(kind === 'publishable' && { access }),
    ...(origins && { origins }),
    ...(scopes && { scopes }),
    ...(agents && { agents }),
    ...(tokensPerDay !== undefined && { tokensPerDay }),
    createdAt,
    ...(lastUsedAt && { lastUsedAt }),
    ...(expiresAt && { expiresAt }),
    ...(revokedAt && { revokedAt }),
  };
}
