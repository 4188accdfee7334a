import { createKeyInputSchema, newKeySchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { toKey } from './to-key.ts';
import { toNewKey } from './to-new-key.ts';

/** `key.create`: issues a key within the limits of the caller's key. */
export const createKey = procedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/key',
      operationId: 'createKey',
      tags: ['Keys'],
      summary: 'Make a key',
      description:
        'Makes an API key of your team. Its text is answered this once: only a hash of it is stored. The key reaches no ' +
        'further, lives no longer and spends no more than the key that issues it: its end, origins and budget are the ' +
        "issuer's unless you give it less, and what it spends counts against the issuer's budget too.",
    },
    errors: ['secret_key_needed', 'key_beyond_yours', 'too_many_key_generations', 'agent_not_found'],
  })
  .input(createKeyInputSchema)
  .output(newKeySchema)
  .mutation(async ({ ctx: { stores, scope, issuerOf }, input }) => {
    const fields = await toNewKey(stores.agents, scope, input);
    const { key, info } = await issuerOf('key').create(input.kind, fields);
    return { ...toKey(info), key };
  });
