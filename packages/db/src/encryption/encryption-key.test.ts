import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { EncryptionKey, keyIdOf, mintEncryptionKey, parseEncryptionKey } from './encryption-key.ts';

const bytes = randomBytes(32);
const key = new EncryptionKey(bytes);
const place = { team: 'team_1', document: 'sec_1', field: 'secret' };

test('a sealed text opens in its place, and is sealed differently each time', () => {
  for (const text of ['', 'ss_live_x', 'größer 🗝️', 'x'.repeat(10_000)]) {
    const sealed = key.seal(place, text);
    expect(key.open(place, sealed)).toBe(text);
    expect(new EncryptionKey(bytes).open(place, sealed)).toBe(text);
    if (text !== '') expect(sealed).not.toContain(text);
    expect(key.seal(place, text)).not.toBe(sealed);
  }
});

test.each([
  ['team', { ...place, team: 'team_2' }],
  ['document', { ...place, document: 'sec_2' }],
  ['field', { ...place, field: 'other' }],
  ['team and document, with the same letters', { team: 'team_1sec', document: '_1', field: 'secret' }],
])('a sealed text that was moved to another %s does not open', (_what, other) => {
  expect(key.open(other, key.seal(place, 'text'))).toBeUndefined();
});

test('a sealed text that was changed anywhere does not open', () => {
  const sealed = key.seal(place, 'text');
  const start = sealed.lastIndexOf(':') + 1;
  const body = Buffer.from(sealed.slice(start), 'base64url');
  for (let index = 0; index < body.length; index++) {
    const changed = Buffer.from(body);
    changed[index] = (changed[index] ?? 0) ^ 1;
    expect(key.open(place, sealed.slice(0, start) + changed.toString('base64url'))).toBeUndefined();
  }
  for (const length of [1, 8, 16, 20]) expect(key.open(place, sealed.slice(0, -length))).toBeUndefined();
});

test('another key does not open a sealed text, also if the text names that key', () => {
  const other = new EncryptionKey(randomBytes(32));
  const sealed = key.seal(place, 'text');
  expect(other.open(place, sealed)).toBeUndefined();
  expect(other.open(place, sealed.replace(key.id, other.id))).toBeUndefined();
  expect(keyIdOf(sealed)).toBe(key.id);
});

describe('encryption keys', () => {
  test.each([
    ['hex', bytes.toString('hex')],
    ['upper-case hex', bytes.toString('hex').toUpperCase()],
    ['base64', bytes.toString('base64')],
    ['base64 without padding', bytes.toString('base64').replace('=', '')],
    ['base64url', bytes.toString('base64url')],
    ['base64 with a line end', `${bytes.toString('base64')}\n`],
  ])('an encryption key is read from %s', (_form, text) => {
    expect(parseEncryptionKey(text)?.id).toBe(key.id);
  });

  test.each([
    '',
    'secret',
    'a'.repeat(63),
    randomBytes(31).toString('base64'),
    randomBytes(33).toString('base64'),
  ])('an encryption key is not read from %o, which does not have 32 bytes', (text) => {
    expect(parseEncryptionKey(text)).toBeUndefined();
  });

  test('a minted encryption key can be read, and each one is different', () => {
    const minted = mintEncryptionKey();
    expect(parseEncryptionKey(minted)).toBeDefined();
    expect(mintEncryptionKey()).not.toBe(minted);
  });
});
