import { createKeyInputSchema, newKeySchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { toFields } from './to-fields.ts';
import { toKey } from './to-key.ts';

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
    errors: ['secret_key_needed'],
  })
  .input(createKeyInputSchema)
  .output(newKeySchema)
  .mutation(async ({ ctx: { stores, scope }, input: { kind, name, origins, expiresAt } }) => {
    const fields = toFields({ name, origins, expiresAt });
    const { key, info } = await stores.apiKeys.issue(scope, kind, fields);
    return { ...toKey(info), key };
  });
