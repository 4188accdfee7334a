import { type Key, openKeyWarning } from '@parley/contract';
import type { ApiKeyInfo } from '@parley/db';

/** Converts a stored key to its form in answers. */
export function toKey(key: ApiKeyInfo): Key {
  const { id, familyId, issuedBy, kind, name, visibleStart, access, origins, scopes, agents } = key;
  const { tokensPerDay, createdAt, lastUsedAt, expiresAt, revokedAt } = key;
  return {
    id,
    familyId,
    ...(issuedBy && { issuedBy }),
    kind,
    ...(name !== undefined && { name }),
    visibleStart,
    ...(access && { access }),
    ...(access === 'open' && { warning: openKeyWarning }),
    ...(origins && { origins: [...origins] }),
    ...(scopes && { scopes: [...scopes] }),
    ...(agents && { agentIds: [...agents] }),
    ...(tokensPerDay !== undefined && { tokensPerDay }),
    createdAt: createdAt.toISOString(),
    ...(lastUsedAt && { lastUsedAt: lastUsedAt.toISOString() }),
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
    ...(revokedAt && { revokedAt: revokedAt.toISOString() }),
  };
}
