import { isId, Refusal } from '@parley/contract';
import type { ApiKeyInfo, ApiKeyStore } from '@parley/db';
import type { Caller } from '../caller.ts';
import { refuseBeyond } from '../permit.ts';

/**
 * The key with this id that the team has, or had, for a caller who may do all that it may.
 *
 * @throws Refusal `key_not_found`, also for another team's; `key_beyond_yours`
 */
export async function findKey(apiKeys: ApiKeyStore, caller: Caller, keyId: string): Promise<ApiKeyInfo> {
  const key = isId('key', keyId) ? await apiKeys.get(caller.scope, keyId) : undefined;
  if (!key) throw new Refusal('key_not_found');
  refuseBeyond(caller, key);
  return key;
}
