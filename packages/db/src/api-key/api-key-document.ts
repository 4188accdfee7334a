import type { Id } from '@parley/contract';
import { trusted } from 'mongoose';
import type { Models } from '../models.ts';
import type { Scope } from '../scope.ts';
import type { ApiKeyDocument } from './api-key-model.ts';
import type { ApiKeyFields, ApiKeyInfo } from './api-key-records.ts';
import { familyEnd } from './key-limits.ts';

/** The keys a scope reaches: with agents, the keys for some of these agents and no others. */
export function keysWithin({ team, agents }: Scope) {
  if (!agents) return { team };
  const isForOthers = { $elemMatch: { $nin: [...agents] } };
  return { team, agents: trusted({ $in: [...agents], $not: isForOthers }) };
}

/** Keys that neither were revoked nor have expired. */
export function working(team: Id<'team'>) {
  return {
    team,
    revokedAt: trusted({ $exists: false }),
    $or: [{ expiresAt: trusted({ $exists: false }) }, { expiresAt: trusted({ $gt: new Date() }) }],
  };
}

/** Whether a key was not revoked, as the database has it now: past the cache that requests are let in by. */
export async function isUnrevoked(
  apiKeys: Models['apiKeys'],
  team: Id<'team'>,
  key: Id<'key'>,
): Promise<boolean> {
  const found = await apiKeys.exists({ _id: key, team, revokedAt: trusted({ $exists: false }) });
  return found !== null;
}

/**
 * Keys to which an update may be applied: one that was rolled gets no later end than its overlap has, whoever asks and
 * however late the roll came in between.
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

export function toKeyUpdate({ name, access, origins, expiresAt, tokensPerDay }: ApiKeyFields) {
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

export function toKeyInfo(document: ApiKeyDocument): ApiKeyInfo {
  const { _id: id, lineage = id, issuedBy, issuers = [], kind, visibleStart, name, origins } = document;
  const { access = 'open', scopes, agents, tokensPerDay } = document;
  const { createdAt, lastUsedAt, expiresAt, revokedAt } = document;
  const end = familyEnd(document);
  return {
    ...{ id, lineage, issuers, kind, visibleStart },
    ...(issuedBy && { issuedBy }),
    ...(name !== undefined && { name }),
    ...(kind === 'publishable' && { access }),
    ...(origins && { origins }),
    ...(scopes && { scopes }),
    ...(agents && { agents }),
    ...(tokensPerDay !== undefined && { tokensPerDay }),
    createdAt,
    ...(lastUsedAt && { lastUsedAt }),
    ...(expiresAt && { expiresAt }),
    ...(end && { familyExpiresAt: end }),
    ...(revokedAt && { revokedAt }),
  };
}
