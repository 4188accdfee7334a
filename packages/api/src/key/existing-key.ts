import { type Id, isId, Refusal } from '@parley/contract';
import type { ApiKeyStore, Scope } from '@parley/db';

/**
 * The id of a key that the team has, or had.
 *
 * @throws Refusal `key_not_found`, also for another team's
 */
export async function existingKey(apiKeys: ApiKeyStore, scope: Scope, keyId: string): Promise<Id<'key'>> {
  const key = isId('key', keyId) ? await apiKeys.get(scope, keyId) : undefined;
  if (!key) throw new Refusal('key_not_found');
  return key.id;
}
