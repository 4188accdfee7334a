import { keyListSchema, limits, listKeysInputSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { toKey } from './to-key.ts';

/** `key.list`: lists the keys of the team, newest first, without their texts. */
export const listKeys = procedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/key',
      operationId: 'listKeys',
      tags: ['Keys'],
      summary: 'List keys',
      description:
        "Lists the team's newest 1,000 keys, including revoked and expired ones. A key that is limited to agents " +
        'only lists keys for these agents.',
    },
    errors: ['secret_key_needed'],
  })
  .input(listKeysInputSchema)
  .output(keyListSchema)
  .query(async ({ ctx: { stores, scope } }) => ({
    keys: (await stores.apiKeys.list(scope, limits.keyListMax)).map(toKey),
  }));
