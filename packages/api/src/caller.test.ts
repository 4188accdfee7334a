import { mintId, Refusal } from '@parley/contract';
import type { ApiKeyStore } from '@parley/db';
import { describe, expect, test } from 'vitest';
import { authenticate } from './caller.ts';

const record = {
  id: mintId('key'),
  lineage: mintId('key'),
  team: mintId('team'),
  kind: 'secret' as const,
};

/** A store that knows one key, and keeps what it was asked for. */
function storeOf(known: string) {
  const asked: string[] = [];
  const store: ApiKeyStore = {
    create: async () => undefined,
    find: async (key) => {
      asked.push(key);
      return key === known ? record : undefined;
    },
  };
  return { store, asked };
}

describe('a key is taken from', () => {
  test.each([
    ['x-api-key', { apiKey: 'k1', authorization: undefined }],
    ['a bearer token', { apiKey: undefined, authorization: 'Bearer k1' }],
    ['a bearer token in small letters', { apiKey: undefined, authorization: 'bearer k1' }],
    ['a bearer token with blanks around it', { apiKey: undefined, authorization: 'BEARER   k1 ' }],
    ['x-api-key before a bearer token', { apiKey: 'k1', authorization: 'Bearer k2' }],
  ])('%s', async (_, headers) => {
    const { store, asked } = storeOf('k1');
    expect(await authenticate(store, headers)).toEqual({
      key: record.id,
      lineage: record.lineage,
      kind: 'secret',
      scope: { team: record.team },
    });
    expect(asked).toEqual(['k1']);
  });
});

describe('nobody is', () => {
  test.each([
    ['no header', { apiKey: undefined, authorization: undefined }],
    ['another scheme', { apiKey: undefined, authorization: 'Basic k1' }],
    ['a scheme without a key', { apiKey: undefined, authorization: 'Bearer ' }],
    ['a key without a scheme', { apiKey: undefined, authorization: 'k1' }],
    ['two keys after the scheme', { apiKey: undefined, authorization: 'Bearer k1 k1' }],
    ['a wrong x-api-key beside a right token', { apiKey: 'k2', authorization: 'Bearer k1' }],
    ['an empty x-api-key beside a right token', { apiKey: '', authorization: 'Bearer k1' }],
  ])('%s', async (_, headers) => {
    await expect(authenticate(storeOf('k1').store, headers)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  test('a key that cannot be looked up: that is another refusal', async () => {
    const { store } = storeOf('k1');
    const away = { ...store, find: async () => Promise.reject(new Refusal('database_unavailable')) };
    await expect(authenticate(away, { apiKey: 'k1', authorization: undefined })).rejects.toMatchObject({
      code: 'database_unavailable',
    });
  });
});
