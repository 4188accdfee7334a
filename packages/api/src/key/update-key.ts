import { keySchema, Refusal, updateKeyInputSchema } from '@parley/contract';
import { refuseBeyond } from '../permit.ts';
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
        'Gives a key another name, other origins, a budget, or an end. It holds everywhere within five seconds.',
    },
    errors: ['secret_key_needed', 'key_not_found', 'key_ended', 'key_beyond_yours'],
  })
  .input(updateKeyInputSchema)
  .output(keySchema)
  .mutation(async ({ ctx: { stores, scope, caller }, input: { keyId, ...change } }) => {
    const found = await findKey(stores.apiKeys, caller, keyId);
    const { id, kind } = found;
    refuseMisfit(kind, change);
    if (change.tokensPerDay !== undefined)
      refuseBeyond(caller, { ...found, tokensPerDay: change.tokensPerDay });
    const key = await stores.apiKeys.update(scope, id, toFields(change));
    if (!key) throw new Refusal('key_ended');
    return toKey(key);
  });
