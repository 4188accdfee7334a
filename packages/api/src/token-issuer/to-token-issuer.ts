import type { ShownTokenIssuer } from '@parley/contract';
import type { TokenIssuer } from '@parley/db';

/** Converts a stored token issuer to its form in answers. It contains no secrets. */
export function toTokenIssuer({ url, issuer, audience, issuedBy, updatedAt }: TokenIssuer): ShownTokenIssuer {
  return { url, issuer, audience, ...(issuedBy && { issuedBy }), updatedAt: updatedAt.toISOString() };
}
