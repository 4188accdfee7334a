import { keySchema, oneKeyInputSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { findKey } from './find-key.ts';
import { toKey } from './to-key.ts';

/** `key.get`: returns a key without its text. */
export const getKey = procedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/key/{keyId}',
      operationId: 'getKey',
      tags: ['Keys'],
      summary: 'Get a key',
      description: 'Returns a key of your team, without its text.',
    },
    errors: ['secret_key_needed', 'key_not_found'],
  })
  .input(oneKeyInputSchema)
  .output(keySchema)
  .query(async ({ ctx: { stores, scope }, input: { keyId } }) =>
    toKey(await findKey(stores.apiKeys, scope, keyId)),
  );
