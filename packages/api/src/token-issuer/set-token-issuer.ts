import { ApiError, setTokenIssuerInputSchema, tokenIssuerSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { toTokenIssuer } from './to-token-issuer.ts';

/** `tokenIssuer.set`: sets the token issuer of the team. Its keys are fetched when its first token arrives. */
export const setTokenIssuer = procedure
  .meta({
    openapi: {
      method: 'PUT',
      path: '/token-issuer',
      operationId: 'setTokenIssuer',
      tags: ['Users'],
      summary: 'Set the token issuer',
      description:
        'Accepts user tokens that your identity provider signs (JWT; RS256, ES256 or EdDSA), checked with the public keys ' +
        'at an address of it, so that no shared secret is stored. There is one issuer; setting it replaces the one before. ' +
        'Tokens of signing secrets are accepted as well.',
    },
    errors: ['secret_key_needed', 'unrestricted_key_needed'],
  })
  .input(setTokenIssuerInputSchema)
  .output(tokenIssuerSchema)
  .mutation(async ({ ctx: { issuerOf, problemOfToolUrl }, input }) => {
    const problem = problemOfToolUrl?.(input.url);
    if (problem !== undefined)
      throw new ApiError('invalid_input', { issues: [{ path: 'url', message: problem }] });
    return toTokenIssuer(await issuerOf('token issuer').set(input));
  });
