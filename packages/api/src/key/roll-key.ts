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
        'Creates the successor of a key. The old key keeps working until the overlap ends. The successor has the ' +
        'same limits, can repeat requests of the old key (`Idempotency-Key`), and keeps what the old key issued. ' +
        'During the overlap, the old key can only issue keys that end no later than itself. It cannot roll ' +
        'itself, and cannot manage other keys, signing secrets or the token issuer. A key with limits can roll ' +
        'the keys that it issued, but not itself.',
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
