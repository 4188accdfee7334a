import { isId, keySchema, oneKeyInputSchema, Refusal } from '@parley/contract';
import { secretKeyProcedure } from '../procedures.ts';
import { toKey } from './to-key.ts';

export const getKey = secretKeyProcedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/key/{keyId}',
      operationId: 'getKey',
      tags: ['Keys'],
      summary: 'Get a key',
      description: 'One key of your team, without its text.',
    },
    errors: ['secret_key_needed', 'key_not_found'],
  })
  .input(oneKeyInputSchema)
  .output(keySchema)
  .query(async ({ ctx: { stores, scope }, input: { keyId } }) => {
    const key = isId('key', keyId) ? await stores.apiKeys.get(scope, keyId) : undefined;
    if (!key) throw new Refusal('key_not_found');
    return toKey(key);
  });
