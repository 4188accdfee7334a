import { createHash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

export type ApiKeyKind = 'publishable' | 'secret';

const PREFIXES = { publishable: 'pk_live_', secret: 'sk_live_' } as const;
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 32;
const CHECKSUM_LENGTH = 6;
const FORM = new RegExp(`^(?:pk|sk)_live_[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);
const VISIBLE_LENGTH = 12;

/**
 * A key: its kind's prefix, 32 random base62 characters (190 bits) and the CRC32 of all before it as six
 * base62 characters, so that a mistyped key is refused without a look at the database and scanners of leaked
 * secrets can tell one from noise (the form GitHub's tokens have).
 */
export function mintApiKey(kind: ApiKeyKind): string {
  let body: string = PREFIXES[kind];
  for (let index = 0; index < RANDOM_LENGTH; index++) body += BASE62.charAt(randomInt(BASE62.length));
  return body + checksumOf(body);
}

/** Whether a text can be a key at all: form and checksum. */
export function isApiKey(text: string): boolean {
  if (!FORM.test(text)) return false;
  const body = text.slice(0, -CHECKSUM_LENGTH);
  return checksumOf(body) === text.slice(-CHECKSUM_LENGTH);
}

/** The kind a key's prefix names. */
export function kindOf(key: string): ApiKeyKind {
  return key.startsWith(PREFIXES.secret) ? 'secret' : 'publishable';
}

/** What is stored of a key. Its entropy makes a slow hash needless. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** The start of a key that lists and logs may show. */
export function visibleStart(key: string): string {
  return key.slice(0, VISIBLE_LENGTH);
}

function checksumOf(body: string): string {
  let rest = crc32(body);
  let text = '';
  for (let index = 0; index < CHECKSUM_LENGTH; index++) {
    text = BASE62.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}
