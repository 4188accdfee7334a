import type { Key } from '@parley/contract';
import type { ApiKeyInfo } from '@parley/db';

/** A key as answers show it. */
export function toKey(key: ApiKeyInfo): Key {
  const { id, kind, name, visibleStart, origins, createdAt, lastUsedAt, expiresAt, revokedAt } = key;
  return {
    id,
    kind,
    ...(name !== undefined && { name }),
    visibleStart,
    ...(origins && { origins: [...origins] }),
    createdAt: createdAt.toISOString(),
    ...(lastUsedAt && { lastUsedAt: lastUsedAt.toISOString() }),
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
    ...(revokedAt && { revokedAt: revokedAt.toISOString() }),
  };
}
