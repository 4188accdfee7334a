import { ApiError, deleteTokenIssuerInputSchema } from '@parley/contract';
import { z } from 'zod';
import { procedure } from '../procedures.ts';

/** `tokenIssuer.delete`: removes the token issuer of the team. Its tokens stop working. */
export const deleteTokenIssuer = procedure
  .meta({
    openapi: {
      method: 'DELETE',
      path: '/token-issuer',
      operationId: 'deleteTokenIssuer',
      tags: ['Users'],
      summary: 'Remove the token issuer',
      description:
        'Removes the token issuer. Every server rejects its tokens within five seconds. Tokens of signing secrets ' +
        'keep working.',
    },
    errors: ['secret_key_needed', 'unrestricted_key_needed', 'token_issuer_not_found'],
    successStatus: 204,
  })
  .input(deleteTokenIssuerInputSchema)
  .output(z.void())
  .mutation(async ({ ctx: { stores, scope } }) => {
    if (!(await stores.teams.deleteTokenIssuer(scope))) throw new ApiError('token_issuer_not_found');
  });
