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
        'Accepts user tokens of your identity provider (JWT with RS256, ES256 or EdDSA). They are checked with ' +
        'its public keys, so no shared secret is stored. A team has one token issuer; setting it replaces the ' +
        'previous one. Tokens of signing secrets are still accepted.',
    },
    errors: ['secret_key_needed', 'unrestricted_key_needed'],
  })
  .input(setTokenIssuerInputSchema)
  .output(tokenIssuerSchema)
  .mutation(async ({ ctx: { issuerOf, services }, input }) => {
    const problem = services.problemOfToolUrl?.(input.url);
    if (problem !== undefined)
      throw new ApiError('invalid_input', { issues: [{ path: 'url', message: problem }] });
    return toTokenIssuer(await issuerOf('token issuer').set(input));
  });
