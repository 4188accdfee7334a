import { limits, newKeySchema, Refusal, rollKeyInputSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { findKey } from './find-key.ts';
import { toKey } from './to-key.ts';

export const rollKey = procedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/key/{keyId}/roll',
      operationId: 'rollKey',
      tags: ['Keys'],
      summary: 'Roll a key',
      description:
        'Makes a key in the place of another one, which lives on for the overlap. What was begun with the old key is repeated with the new one: idempotency keys stay known.',
    },
    errors: ['secret_key_needed', 'key_not_found', 'key_ended', 'key_beyond_yours'],
    hasOptionalBody: true,
  })
  .input(rollKeyInputSchema)
  .output(newKeySchema)
  .mutation(
    async ({
      ctx: { stores, scope, caller },
      input: { keyId, overlapSeconds = limits.keyOverlapSeconds },
    }) => {
      const { id } = await findKey(stores.apiKeys, caller, keyId);
      const until = new Date(Date.now() + overlapSeconds * 1_000);
      const issued = await stores.apiKeys.roll(scope, id, until);
      if (!issued) throw new Refusal('key_ended');
      return { ...toKey(issued.info), key: issued.key };
    },
  );
