/** Whether an `Origin` header names a page of this very server. `host` is the request's `Host` header. */
export type IsOwnOrigin = (origin: string, host: string | undefined) => boolean;

/**
 * The origins of this server's own pages: those of its public addresses (`https://chat.example.com`), and whatever name
 * of this machine the request was sent to. Any other `Host` proves nothing: a foreign name can be made to lead here
 * (DNS rebinding), and a page under that name would otherwise count as this server's.
 */
export function ownOrigins(publicUrls: readonly string[] = []): IsOwnOrigin {
  const publicOrigins = new Set(publicUrls.map((url) => new URL(url).origin));
  return (origin, host) => publicOrigins.has(origin) || isLoopbackOrigin(origin, host);
}

/** Whether a `Host` header names this machine, with any port; a name that only leads here does not. */
export function isLoopbackHost(host: string): boolean {
  return /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(host);
}

function isLoopbackOrigin(origin: string, host: string | undefined): boolean {
  if (host === undefined || !isLoopbackHost(host)) return false;
  return origin === `http://${host}` || origin === `https://${host}`;
}
