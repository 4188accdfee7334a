import { hash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 32;
const CHECKSUM_LENGTH = 6;
const TAIL = new RegExp(`^[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);
const VISIBLE_LENGTH = 12;

/**
 * Creates a text that nobody can guess: a prefix for its kind, 32 random base62 characters (190 bits) and the CRC32
 * of all before it as six base62 characters. A mistyped secret is rejected without a database query, and scanners of leaked
 * secrets recognize it (GitHub's tokens have the same form).
 */
export function mintSecretText(prefix: string): string {
  let body = prefix;
  for (let index = 0; index < RANDOM_LENGTH; index++) body += BASE62.charAt(randomInt(BASE62.length));
  return body + checksumOf(body);
}

/** Whether a text has the form and checksum of a secret with this prefix. */
export function isSecretText(prefix: string, text: string): boolean {
  if (!text.startsWith(prefix) || !TAIL.test(text.slice(prefix.length))) return false;
  const body = text.slice(0, -CHECKSUM_LENGTH);
  return checksumOf(body) === text.slice(-CHECKSUM_LENGTH);
}

/** The stored hash of a secret. The secret has enough entropy, so a slow hash is not needed. */
export function hashSecretText(text: string): string {
  return hash('sha256', text);
}

/** The start that lists and logs may show. */
export function visibleStart(text: string): string {
  return text.slice(0, VISIBLE_LENGTH);
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
