const schemes = new Set(['http:', 'https:', 'mailto:']);

/**
 * Returns the normalized address if its scheme is http, https or mailto, otherwise undefined. Relative
 * addresses are rejected too, so that a model's links cannot point into this site.
 */
export function safeUrl(address: string | undefined): string | undefined {
  if (!address) return undefined;
  const url = URL.parse(address.trim());
  return url && schemes.has(url.protocol) ? url.href : undefined;
}
