import { limits, newKeySchema, rollKeyInputSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { findKey } from './find-key.ts';
import { toKey } from './to-key.ts';

/** `key.roll`: creates the successor of a key. The old key works until the overlap ends. */
export const rollKey = procedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/key/{keyId}/roll',
      operationId: 'rollKey',
      tags: ['Keys'],
      summary: 'Roll a key',
      description:
        'Makes a key in the place of another one, which lives on for the overlap. What was begun with the old key is ' +
        'repeated with the new one: idempotency keys stay known, the limits are the same, and what the old key issued ' +
        'goes on. In its overlap the old key is a key with an end: it issues keys that end no later, and neither rolls ' +
        'itself nor manages other keys, signing secrets or the token issuer. A key with limits rolls keys that it ' +
        'issued, and not itself.',
    },
    errors: ['secret_key_needed', 'key_not_found', 'key_ended', 'key_beyond_yours'],
    hasOptionalBody: true,
  })
  .input(rollKeyInputSchema)
  .output(newKeySchema)
  .mutation(
    async ({
      ctx: { stores, scope, issuerOf },
      input: { keyId, overlapSeconds = limits.keyOverlapSeconds },
    }) => {
      const key = await findKey(stores.apiKeys, scope, keyId);
      const until = new Date(Date.now() + overlapSeconds * 1_000);
      const issued = await issuerOf('key').roll(key, until);
      return { ...toKey(issued.info), key: issued.key };
    },
  );
