import { oneKeyInputSchema } from '@parley/contract';
import { z } from 'zod';
import { procedure } from '../procedures.ts';
import { findKey } from './find-key.ts';

export const revokeKey = procedure
  .meta({
    openapi: {
      method: 'DELETE',
      path: '/key/{keyId}',
      operationId: 'revokeKey',
      tags: ['Keys'],
      summary: 'Revoke a key',
      description: 'Ends a key, for good. Every server refuses it within five seconds.',
    },
    errors: ['secret_key_needed', 'key_not_found', 'key_beyond_yours'],
    successStatus: 204,
  })
  .input(oneKeyInputSchema)
  .output(z.void())
  .mutation(async ({ ctx: { stores, scope, caller }, input: { keyId } }) => {
    const { id } = await findKey(stores.apiKeys, caller, keyId);
    await stores.apiKeys.revoke(scope, id);
  });
