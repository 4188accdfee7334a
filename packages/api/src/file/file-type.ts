/** The number of bytes that tell every supported type that is not text. */
export const SIGNATURE_BYTES = 12;

/** The supported types with a signature: the bytes at the start of the file, as Latin-1. */
const SIGNATURES = [
  ['image/png', /^\x89PNG\r\n/],
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/gif', /^GIF8[79]a/],
  ['image/webp', /^RIFF[\s\S]{4}WEBP/],
  ['application/pdf', /^%PDF-/],
] as const;

/** Recognizes an image or a PDF by its first `SIGNATURE_BYTES` bytes. Undefined for text, and for types that are not supported. */
export function recognizeType(head: Buffer): (typeof SIGNATURES)[number][0] | undefined {
  const text = head.toString('latin1');
  return SIGNATURES.find(([, signature]) => signature.test(text))?.[0];
}

/** Types that are text although their names do not say so. */
const TEXT_TYPES: ReadonlySet<string> = new Set([
  'application/json',
  'application/ld+json',
  'application/x-ndjson',
  'application/xml',
  'application/yaml',
  'application/x-yaml',
  'application/toml',
  'application/sql',
  'application/javascript',
]);

/** The type of a text that its sender calls `namedType`: that type if it is one of text, or else `text/plain`. */
export function textTypeOf(namedType: string): string {
  const [type = ''] = namedType.toLowerCase().split(';', 1);
  const name = type.trim();
  return /^text\/[a-z0-9][a-z0-9.+-]*$/.test(name) || TEXT_TYPES.has(name) ? name : 'text/plain';
}
