import { ApiError, isId } from '@parley/contract';
import type { ApiKeyInfo, ApiKeyStore, Scope } from '@parley/db';

/**
 * The key with this id that the team has, or had.
 *
 * @throws ApiError `key_not_found`, also for another team's, and for one that reaches other agents than the caller
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
