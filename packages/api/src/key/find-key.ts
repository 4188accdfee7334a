import { ApiError, isId } from '@parley/contract';
import type { ApiKeyInfo, ApiKeyStore, Scope } from '@parley/db';

/**
 * Reads a key of the team, also a revoked or expired one.
 *
 * @throws ApiError `key_not_found`, also for keys of other teams, and keys that reach agents that the caller does
 *   not reach
 */
export async function findKey(
  apiKeys: Pick<ApiKeyStore, 'get'>,
  scope: Scope,
  keyId: string,
): Promise<ApiKeyInfo> {
  const key = isId('key', keyId) ? await apiKeys.get(scope, keyId) : undefined;
  if (!key) throw new ApiError('key_not_found');
  return key;
}
