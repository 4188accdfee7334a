import { isId, oneKeyInputSchema, Refusal } from '@parley/contract';
import { z } from 'zod';
import { procedure } from '../procedures.ts';

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
    errors: ['secret_key_needed', 'key_not_found'],
    successStatus: 204,
  })
  .input(oneKeyInputSchema)
  .output(z.void())
  .mutation(async ({ ctx: { stores, scope }, input: { keyId } }) => {
    const isRevoked = isId('key', keyId) && (await stores.apiKeys.revoke(scope, keyId));
    if (!isRevoked) throw new Refusal('key_not_found');
  });
