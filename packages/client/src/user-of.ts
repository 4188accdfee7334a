/** How much of a token that says nothing tells it from every other. */
const TOKEN_START = 20;

/**
 * Names the user whom a token is of, to keep apart what belongs to one user and to another; what it proves is the
 * server's business. A signed token (JWT) names its user and team, over all its renewals; a guest's is the guest.
 */
export function userOf(token: string): string {
  const [, payload] = token.split('.');
  return encodeURIComponent((payload && subjectOf(payload)) ?? token.slice(0, TOKEN_START));
}

function subjectOf(payload: string): string | undefined {
  try {
    const { sub, aud }: { sub?: unknown; aud?: unknown } = JSON.parse(
      atob(payload.replaceAll('-', '+').replaceAll('_', '/')),
    );
    return typeof sub === 'string' ? JSON.stringify([aud, sub]) : undefined;
  } catch {
    return undefined;
  }
}
