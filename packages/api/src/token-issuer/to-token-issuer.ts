import type { ShownTokenIssuer } from '@parley/contract';
import type { TokenIssuer } from '@parley/db';

/** A token issuer as answers show it. Nothing of it is secret. */
export function toTokenIssuer({ url, issuer, audience, issuedBy, updatedAt }: TokenIssuer): ShownTokenIssuer {
  return { url, issuer, audience, ...(issuedBy && { issuedBy }), updatedAt: updatedAt.toISOString() };
}
