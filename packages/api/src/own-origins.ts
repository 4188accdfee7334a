/** Returns whether an `Origin` header names a page of this server. `host` is the request's `Host` header. */
export type IsOwnOrigin = (origin: string, host: string | undefined) => boolean;

/**
 * Recognizes the origins of this server's own pages: its public addresses (`https://chat.example.com`), and the
 * loopback names of this machine. No other `Host` counts, because a foreign name can resolve to this server (DNS
 * rebinding).
 */
export function ownOrigins(publicUrls: readonly string[] = []): IsOwnOrigin {
  const publicOrigins = new Set(publicUrls.map((url) => new URL(url).origin));
  return (origin, host) => publicOrigins.has(origin) || isLoopbackOrigin(origin, host);
}

/** Returns whether a `Host` header is a loopback name of this machine, with any port. */
export function isLoopbackHost(host: string): boolean {
  return /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(host);
}

function isLoopbackOrigin(origin: string, host: string | undefined): boolean {
  if (host === undefined || !isLoopbackHost(host)) return false;
  return origin === `http://${host}` || origin === `https://${host}`;
}
