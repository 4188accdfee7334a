/**
 * Creates an idempotency key of 128 random bits. `crypto.randomUUID` is only available on pages with TLS,
 * which many local servers do not have.
 */
export function mintKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
