import { keySchema, Refusal, updateKeyInputSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { findKey } from './find-key.ts';
import { refuseMisfit } from './refuse-misfit.ts';
import { toFields } from './to-fields.ts';
import { toKey } from './to-key.ts';

export const updateKey = procedure
  .meta({
    openapi: {
      method: 'PATCH',
      path: '/key/{keyId}',
      operationId: 'updateKey',
      tags: ['Keys'],
      summary: 'Change a key',
      description:
        'Gives a key another name, other origins, or an end. It holds everywhere within five seconds.',
    },
    errors: ['secret_key_needed', 'key_not_found', 'key_ended', 'key_beyond_yours'],
  })
  .input(updateKeyInputSchema)
  .output(keySchema)
  .mutation(async ({ ctx: { stores, scope, caller }, input: { keyId, ...change } }) => {
    const { id, kind } = await findKey(stores.apiKeys, caller, keyId);
    refuseMisfit(kind, change);
    const key = await stores.apiKeys.update(scope, id, toFields(change));
    if (!key) throw new Refusal('key_ended');
    return toKey(key);
  });
