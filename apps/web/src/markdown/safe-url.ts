const schemes = new Set(['http:', 'https:', 'mailto:']);

/**
 * The address as the browser would read it, if its scheme is http, https or mailto; otherwise `undefined`.
 * Relative addresses are refused too: what a model writes must not lead into this page's own site.
 */
export function safeUrl(address: string | undefined): string | undefined {
  if (!address) return undefined;
  const url = URL.parse(address.trim());
  return url && schemes.has(url.protocol) ? url.href : undefined;
}
