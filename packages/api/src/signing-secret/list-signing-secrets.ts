import { listSigningSecretsInputSchema, signingSecretListSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { toSigningSecret } from './to-signing-secret.ts';

/** `signingSecret.list`: lists the active secrets, without their texts. */
export const listSigningSecrets = procedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/signing-secret',
      operationId: 'listSigningSecrets',
      tags: ['Users'],
      summary: 'List signing secrets',
      description: 'Lists the active signing secrets, newest first, without their texts.',
    },
    errors: ['secret_key_needed', 'unrestricted_key_needed'],
  })
  .input(listSigningSecretsInputSchema)
  .output(signingSecretListSchema)
  .query(async ({ ctx: { stores, scope } }) => ({
    signingSecrets: (await stores.signingSecrets.list(scope)).map(toSigningSecret),
  }));
