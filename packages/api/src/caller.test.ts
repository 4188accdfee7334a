import { ApiError, mintId } from '@parley/contract';
import type { ApiKeyRecord, ApiKeyStore } from '@parley/db';
import { describe, expect, test } from 'vitest';
import { authenticate, type CallerStores } from './caller.ts';

const record = {
  id: mintId('key'),
  familyId: mintId('key'),
  issuers: [],
  budgets: [],
  team: mintId('team'),
  kind: 'secret' as const,
};

/** The headers of a program that is no browser. */
const noPage = { origin: undefined, isOwnPage: false, userToken: undefined };

/** These requests have no tokens, so only the store of keys is read. */
function storesOf(find: ApiKeyStore['find']): CallerStores {
  const apiKeys: Partial<ApiKeyStore> = { find };
  return { apiKeys } as CallerStores;
}

/** A store with one key that records the keys it was asked for. */
function storeOf(known: string) {
  const asked: string[] = [];
  const store = storesOf(async (key) => {
    asked.push(key);
    return key === known ? record : undefined;
  });
  return { store, asked };
}

describe('a request is authenticated by the key in', () => {
  test.each([
    ['x-api-key', { apiKey: 'k1', authorization: undefined }],
    ['a bearer token', { apiKey: undefined, authorization: 'Bearer k1' }],
    ['a bearer token in small letters', { apiKey: undefined, authorization: 'bearer k1' }],
    ['a bearer token with blanks around it', { apiKey: undefined, authorization: 'BEARER   k1 ' }],
    ['x-api-key before a bearer token', { apiKey: 'k1', authorization: 'Bearer k2' }],
  ])('%s', async (_, headers) => {
    const { store, asked } = storeOf('k1');
    expect(await authenticate(store, { ...noPage, ...headers })).toEqual({
      key: record.id,
      familyId: record.familyId,
      issuers: [],
      limits: { budgets: [] },
      kind: 'secret',
      as: { role: 'team' },
      scope: { team: record.team },
    });
    expect(asked).toEqual(['k1']);
  });
});

describe('a request without a valid key', () => {
  test.each([
    ['no header', { apiKey: undefined, authorization: undefined }],
    ['another scheme', { apiKey: undefined, authorization: 'Basic k1' }],
    ['a scheme without a key', { apiKey: undefined, authorization: 'Bearer ' }],
    ['a key without a scheme', { apiKey: undefined, authorization: 'k1' }],
    ['two keys after the scheme', { apiKey: undefined, authorization: 'Bearer k1 k1' }],
    ['a wrong x-api-key beside a right token', { apiKey: 'k2', authorization: 'Bearer k1' }],
    ['an empty x-api-key beside a right token', { apiKey: '', authorization: 'Bearer k1' }],
  ])('a request with %s is unauthorized', async (_, headers) => {
    await expect(authenticate(storeOf('k1').store, { ...noPage, ...headers })).rejects.toMatchObject({
      code: 'unauthorized',
    });
  });

  test('a request whose key cannot be looked up gets the error of the database', async () => {
    const unreachable = storesOf(async () => Promise.reject(new ApiError('database_unavailable')));
    await expect(
      authenticate(unreachable, { ...noPage, apiKey: 'k1', authorization: undefined }),
    ).rejects.toMatchObject({
      code: 'database_unavailable',
    });
  });
});

describe('a page', () => {
  const from =
    (kind: 'secret' | 'publishable', origins?: string[]) =>
    (origin: string, isOwnPage = false) =>
      authenticate(
        storesOf(async (): Promise<ApiKeyRecord> => ({ ...record, kind, ...(origins && { origins }) })),
        { ...noPage, apiKey: 'k1', authorization: undefined, origin, isOwnPage },
      ).then(
        () => 'let in',
        (error: ApiError) => error.code,
      );

  test('a page of any origin may use a publishable key, and none a secret key, unless the key names origins', async () => {
    expect(await from('publishable')('https://shop.example')).toBe('let in');
    expect(await from('secret')('https://shop.example')).toBe('secret_key_in_browser');
    const named = ['https://shop.example'];
    expect(await from('publishable', named)('https://shop.example')).toBe('let in');
    expect(await from('secret', named)('https://shop.example')).toBe('let in');
  });

  test.each([
    'null',
    'https://shop.example.',
    'https://shop.example:444',
    'http://shop.example',
    'https://shop.example/',
    'https://shop.example.evil.example',
    'https://www.shop.example',
    'HTTPS://SHOP.EXAMPLE',
    '',
  ])('a page of origin "%s" is not one of https://shop.example', async (origin) => {
    expect(await from('publishable', ['https://shop.example'])(origin)).toBe('key_origin_not_allowed');
    expect(await from('secret', ['https://shop.example'])(origin)).toBe('secret_key_in_browser');
  });

  test('a page of the server itself may use every key', async () => {
    expect(await from('secret')('https://api.example.com', true)).toBe('let in');
    expect(await from('publishable', ['https://shop.example'])('http://127.0.0.1:3000', true)).toBe('let in');
  });
});
