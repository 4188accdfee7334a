import { isId, Refusal } from '@parley/contract';
import type { ApiKeyInfo, ApiKeyStore, Scope } from '@parley/db';

/**
 * The key with this id that the team has, or had.
 *
 * @throws Refusal `key_not_found`, also for another team's
 */
export async function findKey(apiKeys: ApiKeyStore, scope: Scope, keyId: string): Promise<ApiKeyInfo> {
  const key = isId('key', keyId) ? await apiKeys.get(scope, keyId) : undefined;
  if (!key) throw new Refusal('key_not_found');
  return key;
}
