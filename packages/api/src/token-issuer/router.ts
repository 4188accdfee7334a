import { t } from '../trpc.ts';
import { deleteTokenIssuer } from './delete-token-issuer.ts';
import { getTokenIssuer } from './get-token-issuer.ts';
import { setTokenIssuer } from './set-token-issuer.ts';

/** The procedures of the token issuer. */
export const tokenIssuerRouter = t.router({
  set: setTokenIssuer,
  get: getTokenIssuer,
  delete: deleteTokenIssuer,
});
