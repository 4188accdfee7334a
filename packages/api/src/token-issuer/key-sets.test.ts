import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import { createKeySets, type IssuedAlgorithm, type KeySets } from './key-sets.ts';

/* A clock that the test moves, and an issuer whose response the test sets. */

const URL_OF_KEYS = 'https://issuer.example/jwks.json';
const MINUTE = 60_000;
let time: number;
let fetches: number;
let answer: () => Promise<string>;
let keySets: KeySets;

const publicKey = async (algorithm: IssuedAlgorithm, kid?: string): Promise<JWK> => {
  const { publicKey: key } = await generateKeyPair(algorithm, { extractable: true });
  return { ...(await exportJWK(key)), ...(kid !== undefined && { kid }) };
};
const one = await publicKey('ES256', 'one');
const two = await publicKey('ES256', 'two');
const setOf = (...keys: unknown[]) => {
  answer = async () => JSON.stringify({ keys });
};
const find = (kid: string | undefined, algorithm: IssuedAlgorithm = 'ES256', url = URL_OF_KEYS) =>
  keySets.find(url, { kid, algorithm }).then((key) => key?.kid ?? (key ? 'nameless' : undefined));
const unavailable = { code: 'token_issuer_unavailable' };

beforeEach(() => {
  time = 0;
  fetches = 0;
  setOf(one);
  keySets = createKeySets(
    (_url) => {
      fetches++;
      return answer();
    },
    () => time,
  );
});

test('keys are fetched once for concurrent requests, and cached', async () => {
  expect(await Promise.all([find('one'), find('one'), find('one')])).toEqual(['one', 'one', 'one']);
  time += 4 * MINUTE;
  expect(await find('one')).toBe('one');
  expect(fetches).toBe(1);
});

test('an unknown key is looked for once in half a minute, for all requests together', async () => {
  await find('one');
  time += MINUTE;
  setOf(one, two);
  expect(await find('two')).toBe('two');
  for (let index = 0; index < 50; index++) expect(await find(`guess ${index}`)).toBeUndefined();
  expect(fetches).toBe(2);
  time += MINUTE;
  await find('guess');
  expect(fetches).toBe(3);
});

test('a withdrawn key stops working within minutes, because known keys are fetched again in the background', async () => {
  await find('one');
  setOf(two);
  time += 6 * MINUTE;
  expect(await find('one')).toBe('one');
  await expect.poll(() => find('one')).toBeUndefined();
  expect(await find('two')).toBe('two');
});

test('known keys work for an hour while the issuer is unreachable; then the error is token_issuer_unavailable', async () => {
  await find('one');
  answer = () => Promise.reject(new Error('unreachable'));
  for (time = 6 * MINUTE; time <= 60 * MINUTE; time += 6 * MINUTE) expect(await find('one')).toBe('one');
  time = 61 * MINUTE;
  await expect(find('one')).rejects.toMatchObject(unavailable);
  // Unreachable issuers are not called by every request.
  const before = fetches;
  for (let index = 0; index < 20; index++) await expect(find('one')).rejects.toMatchObject(unavailable);
  expect(fetches).toBe(before);
  setOf(one);
  time += MINUTE;
  expect(await find('one')).toBe('one');
});

test.each([
  ['no JSON', 'no JSON'],
  ['no key set', '{"keys": {}}'],
  ['null', 'null'],
])('an answer that is %s leaves the issuer unavailable', async (_what, text) => {
  answer = async () => text;
  await expect(find('one')).rejects.toMatchObject(unavailable);
});

describe('the type of a key decides its algorithm:', () => {
  test.each(['RS256', 'ES256', 'EdDSA'] as const)('%s', async (algorithm) => {
    setOf(await publicKey(algorithm, 'k'));
    for (const asked of ['RS256', 'ES256', 'EdDSA'] as const) {
      expect(await find('k', asked)).toBe(asked === algorithm ? 'k' : undefined);
    }
  });

  test('keys with another algorithm, short keys, encryption keys and shared secrets are ignored', async () => {
    const { publicKey: short } = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
    const rsa = await exportJWK(short);
    setOf(
      { ...one, kid: 'alg', alg: 'ES384' },
      { ...one, kid: 'use', use: 'enc' },
      { ...one, kid: 'ops', key_ops: ['encrypt'] },
      { ...rsa, kid: 'short', n: Buffer.alloc(128, 7).toString('base64url') },
      { kty: 'oct', k: 'c2VjcmV0', kid: 'shared' },
      { kty: 'EC', kid: 'broken', crv: 'P-256' },
      null,
      one,
    );
    for (const kid of ['alg', 'use', 'ops', 'shared', 'broken']) expect(await find(kid)).toBeUndefined();
    expect(await find('short', 'RS256')).toBeUndefined();
    expect(await find('one')).toBe('one');
  });

  test('a token without a key id uses the only key of its algorithm', async () => {
    setOf(one, await publicKey('RS256', 'rsa'));
    expect(await find(undefined)).toBe('one');
    time += 6 * MINUTE;
    setOf(one, two);
    await find(undefined);
    await expect.poll(() => find(undefined)).toBeUndefined();
  });
});

test('the least recently used issuer is removed first', async () => {
  await find('one');
  for (let index = 0; index < 1_000; index++) await find('one', 'ES256', `https://${index}.example/`);
  expect(fetches).toBe(1_001);
  await find('one', 'ES256', 'https://999.example/');
  expect(fetches).toBe(1_001);
  await find('one');
  expect(fetches).toBe(1_002);
});
