import { compact, compactAs, type Id, mintId } from '@parley/contract';
import { trusted } from 'mongoose';
import { hashSecretText, visibleStart } from '../credential/secret-text.ts';
import type { Models } from '../models.ts';
import type { Scope } from '../scope.ts';
import { kindOf } from './api-key.ts';
import type { ApiKeyDocument } from './api-key-model.ts';
import type { ApiKeyFields, ApiKeyInfo, ApiKeyReach } from './api-key-records.ts';
import { familyEnd } from './key-limits.ts';

/** The filter of the keys that a scope may access: with agents, the keys for some of these agents and no others. */
export function keysWithin({ team, agents }: Scope) {
  if (!agents) return { team };
  const isForOthers = { $elemMatch: { $nin: [...agents] } };
  return { team, agents: trusted({ $in: [...agents], $not: isForOthers }) };
}

/** The filter of keys that are neither revoked nor expired. */
export function working(team: Id<'team'>) {
  return {
    team,
    revokedAt: trusted({ $exists: false }),
    $or: [{ expiresAt: trusted({ $exists: false }) }, { expiresAt: trusted({ $gt: new Date() }) }],
  };
}

/** Reads from the database whether a key is not revoked, past the cache that requests use. */
export async function isUnrevoked(
  apiKeys: Models['apiKeys'],
  team: Id<'team'>,
  key: Id<'key'>,
): Promise<boolean> {
  const found = await apiKeys.exists({ _id: key, team, revokedAt: trusted({ $exists: false }) });
  return found !== null;
}

/**
 * The filter of keys that an update may change. A rolled key gets no later end than its overlap, also if the roll came
 * between the read and this update.
 */
export function updatable(team: Id<'team'>, { expiresAt }: ApiKeyFields) {
  const { $or: isUnexpired, ...rest } = working(team);
  if (!expiresAt) return working(team);
  const isNotExtended = [
    { replacedAt: trusted({ $exists: false }) },
    { expiresAt: trusted({ $gte: expiresAt }) },
  ];
  return { ...rest, $and: [{ $or: isUnexpired }, { $or: isNotExtended }] };
}

/** The update for changed fields of a key: an empty list of origins and a budget of null remove them. */
export function toKeyUpdate({ name, access, origins, expiresAt, tokensPerDay }: ApiKeyFields) {
  return {
    $set: compact({
      ...{ name, access, expiresAt, tokensPerDay: tokensPerDay ?? undefined },
      origins: origins?.length ? origins : undefined,
    }),
    $unset: compact({
      origins: origins?.length === 0 ? 1 : undefined,
      tokensPerDay: tokensPerDay === null ? 1 : undefined,
    }),
  };
}

/** A stored key as its team sees it. */
export function toKeyInfo(document: ApiKeyDocument): ApiKeyInfo {
  const {
    _id: id,
    lineage: familyId = id,
    issuedBy,
    issuers = [],
    kind,
    visibleStart,
    name,
    origins,
  } = document;
  const { scopes, agents, tokensPerDay, createdAt, lastUsedAt, expiresAt, revokedAt } = document;
  return compactAs<ApiKeyInfo>({
    ...{ id, familyId, issuedBy, issuers, kind, visibleStart, name, access: accessOf(document) },
    ...{ origins, scopes, agents, tokensPerDay },
    ...{ createdAt, lastUsedAt, expiresAt, familyExpiresAt: familyEnd(document), revokedAt },
  });
}

/** The access of a publishable key. A secret key has none. */
export function accessOf({ kind, access = 'open' }: Pick<ApiKeyDocument, 'kind' | 'access'>) {
  return kind === 'publishable' ? access : undefined;
}

/** Where a key comes from: the family of the key it replaces, and the keys that issued it. */
export type Origin = Pick<ApiKeyDocument, 'lineage' | 'issuedBy' | 'issuers'>;

/** The stored form of a new key: of its text only the hash and the visible start. */
export function toKeyDocument(
  team: Id<'team'>,
  key: string,
  { name, access, origins, scopes, agents, tokensPerDay, expiresAt }: ApiKeyFields & ApiKeyReach,
  { lineage, issuedBy, issuers }: Origin,
): ApiKeyDocument {
  return compactAs<ApiKeyDocument>({
    ...{ _id: mintId('key'), lineage, issuedBy, issuers, team, kind: kindOf(key) },
    ...{ hash: hashSecretText(key), visibleStart: visibleStart(key), name, access },
    origins: origins?.length ? [...origins] : undefined,
    scopes: scopes && [...scopes],
    agents: agents && [...agents],
    tokensPerDay: tokensPerDay ?? undefined,
    ...{ createdAt: new Date(), expiresAt },
    ...{ lastUsedAt: undefined, replacedAt: undefined, familyExpiresAt: undefined },
    ...{ revokedAt: undefined, issuedRevokedAt: undefined },
  });
}

/** The fields that the successor of a key takes over. */
export function fieldsOf(old: ApiKeyDocument): ApiKeyFields & ApiKeyReach {
  const { name, access, origins, scopes, agents, tokensPerDay } = old;
  return compactAs<ApiKeyFields & ApiKeyReach>({
    ...{ name, access, origins, scopes, agents, tokensPerDay, expiresAt: familyEnd(old) },
  });
}
