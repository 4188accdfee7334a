import { ApiError, isId, oneSigningSecretInputSchema } from '@parley/contract';
import { z } from 'zod';
import { procedure } from '../procedures.ts';

/** `signingSecret.revoke`: revokes a secret. Tokens that it signed stop working within five seconds. */
export const revokeSigningSecret = procedure
  .meta({
    openapi: {
      method: 'DELETE',
      path: '/signing-secret/{secretId}',
      operationId: 'revokeSigningSecret',
      tags: ['Users'],
      summary: 'Revoke a signing secret',
      description:
        'Revokes a signing secret permanently. Every server rejects the tokens that it signed within five ' +
        'seconds.',
    },
    errors: ['secret_key_needed', 'unrestricted_key_needed', 'signing_secret_not_found'],
    successStatus: 204,
  })
  .input(oneSigningSecretInputSchema)
  .output(z.void())
  .mutation(async ({ ctx: { stores, scope }, input: { secretId } }) => {
    const isRevoked = isId('secret', secretId) && (await stores.signingSecrets.revoke(scope, secretId));
    if (!isRevoked) throw new ApiError('signing_secret_not_found');
  });
