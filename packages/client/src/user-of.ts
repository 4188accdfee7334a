/** The number of characters that identify an opaque token. */
const TOKEN_START = 20;

/**
 * Returns a name for the token's user, to separate the data of different users. It proves nothing; the server
 * checks tokens. All JWTs of one user and team give the same name; a guest's token identifies the guest.
 */
export function userOf(token: string): string {
  const { sub, aud } = claimsOf(token);
  return encodeURIComponent(
    typeof sub === 'string' ? JSON.stringify([aud, sub]) : token.slice(0, TOKEN_START),
  );
}

/**
 * Returns the lifetime of a token in milliseconds. It uses only the token's own times, because the device's
 * clock may be wrong.
 */
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

/** Returns the claims of a JWT without checking it, or no claims for other tokens. */
function claimsOf(token: string): Claims {
  const [, payload = ''] = token.split('.');
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof claims === 'object' && claims !== null ? claims : {};
  } catch {
    return {};
  }
}
