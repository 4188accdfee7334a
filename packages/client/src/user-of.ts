/** How much of a token that says nothing tells it from every other. */
const TOKEN_START = 20;

/**
 * Names the user whom a token is of, to keep apart what belongs to one user and to another; what it proves is the
 * server's business. A signed token (JWT) names its user and team, over all its renewals; a guest's is the guest.
 */
export function userOf(token: string): string {
  const { sub, aud } = claimsOf(token);
  return encodeURIComponent(
    typeof sub === 'string' ? JSON.stringify([aud, sub]) : token.slice(0, TOKEN_START),
  );
}

/** How long a token was made to last, in milliseconds; by its own times, since nobody knows the device's clock. */
export function lifeMsOf(token: string): number | undefined {
  const { iat, exp } = claimsOf(token);
  return typeof iat === 'number' && typeof exp === 'number' ? (exp - iat) * 1_000 : undefined;
}

interface Claims {
  readonly sub?: unknown;
  readonly aud?: unknown;
  readonly iat?: unknown;
  readonly exp?: unknown;
}

/** None, of what is no signed token. */
function claimsOf(token: string): Claims {
  const [, payload = ''] = token.split('.');
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof claims === 'object' && claims !== null ? claims : {};
  } catch {
    return {};
  }
}
