import { createKeyInputSchema, newKeySchema } from '@parley/contract';
import { refuseBeyond } from '../permit.ts';
import { procedure } from '../procedures.ts';
import { toKey } from './to-key.ts';
import { toNewKey } from './to-new-key.ts';

export const createKey = procedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/key',
      operationId: 'createKey',
      tags: ['Keys'],
      summary: 'Make a key',
      description:
        'Makes an API key of your team. Its text is answered this once: only a hash of it is stored.',
    },
    errors: ['secret_key_needed', 'key_beyond_yours', 'agent_not_found'],
  })
  .input(createKeyInputSchema)
  .output(newKeySchema)
  .mutation(async ({ ctx: { stores, scope, caller }, input }) => {
    const { kind } = input;
    const fields = await toNewKey(stores.agents, scope, input);
    refuseBeyond(caller, { kind, ...fields });
    const { key, info } = await stores.apiKeys.issue(scope, kind, fields);
    return { ...toKey(info), key };
  });
