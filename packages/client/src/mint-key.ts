/**
 * A new idempotency key: 128 random bits. Not `crypto.randomUUID`, which browsers give to secure pages alone, and
 * a server in a home network is often reached without TLS.
 */
export function mintKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
