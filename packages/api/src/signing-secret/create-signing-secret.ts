import { ApiError, createSigningSecretInputSchema, limits, newSigningSecretSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { toSigningSecret } from './to-signing-secret.ts';

/**
 * `signingSecret.create`: creates a secret and returns its text once. The previous secrets work until the overlap ends.
 */
export const createSigningSecret = procedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/signing-secret',
      operationId: 'createSigningSecret',
      tags: ['Users'],
      summary: 'Create a signing secret',
      description:
        'Creates a secret for your servers to sign user tokens with (JWT, HS256). Only this response contains its ' +
        'text. The previous secrets keep working until the overlap ends, so you can replace a secret without ' +
        'downtime.',
    },
    errors: [
      'secret_key_needed',
      'unrestricted_key_needed',
      'signing_secrets_full',
      'encryption_key_outdated',
    ],
    hasOptionalBody: true,
  })
  .input(createSigningSecretInputSchema)
  .output(newSigningSecretSchema)
  .mutation(async ({ ctx: { issuerOf, scope }, input: { overlapSeconds = limits.keyOverlapSeconds } }) => {
    const until = new Date(Date.now() + overlapSeconds * 1_000);
    const made = await issuerOf('signing secret').create(until);
    if (made === 'issuer-revoked') throw new ApiError('unauthorized');
    if (made === 'full') throw new ApiError('signing_secrets_full');
    return { ...toSigningSecret(made.info), secret: made.secret, audience: scope.team };
  });
