import { ApiError, getTokenIssuerInputSchema, tokenIssuerSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { toTokenIssuer } from './to-token-issuer.ts';

/** `tokenIssuer.get`: returns the token issuer of the team. */
export const getTokenIssuer = procedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/token-issuer',
      operationId: 'getTokenIssuer',
      tags: ['Users'],
      summary: 'Get the token issuer',
      description:
        'Returns the token issuer whose tokens are accepted for users of your team, in addition to those of ' +
        'signing secrets.',
    },
    errors: ['secret_key_needed', 'token_issuer_not_found'],
  })
  .input(getTokenIssuerInputSchema)
  .output(tokenIssuerSchema)
  .query(async ({ ctx: { stores, scope } }) => {
    const { tokenIssuer } = await stores.teams.findSettings(scope);
    if (!tokenIssuer) throw new ApiError('token_issuer_not_found');
    return toTokenIssuer(tokenIssuer);
  });
