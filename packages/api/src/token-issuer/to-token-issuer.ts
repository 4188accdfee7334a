import type { ShownTokenIssuer } from '@parley/contract';
import type { TokenIssuer } from '@parley/db';

/** A token issuer as answers show it. Nothing of it is secret. @throws Error when the team is gone */
export function toTokenIssuer(of: TokenIssuer | undefined): ShownTokenIssuer {
  if (!of) throw new Error('the team of a key is gone');
  const { url, issuer, audience, updatedAt } = of;
  return { url, issuer, audience, updatedAt: updatedAt.toISOString() };
}
