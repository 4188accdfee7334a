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
      summary: 'Create a key',
      description:
        'Creates an API key of your team. Only this response contains its text; Parley stores a hash. The key ' +
        "stays within the limits of the key that issues it: expiry, origins and budget are the issuer's unless " +
        "you set smaller ones, and its tokens count against the issuer's budget too.",
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
