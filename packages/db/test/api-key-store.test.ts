import { Buffer } from 'node:buffer';
import { afterAll, describe, expect, test } from 'vitest';
import { isApiKey, mintApiKey } from '../src/index.ts';
import { newScope } from './examples.ts';
import { passTime } from './pass-time.ts';
import { startDatabase } from './start-database.ts';
import { connectWatched } from './watch-commands.ts';

const db = await startDatabase('api_key_store');
const watched = await connectWatched(db.uri);

afterAll(() => watched.database.close());

const finds = () => watched.commands().filter(({ name }) => name === 'find');

describe('a key', () => {
  test.each(['publishable', 'secret'] as const)('a %s key is found with its team and kind', async (kind) => {
    const scope = newScope();
    const key = mintApiKey(kind);
    await db.stores.apiKeys.create(scope, key);
    await db.stores.apiKeys.create(scope, key);
    const found = await db.stores.apiKeys.find(key);
    expect(found).toEqual({
      id: expect.stringMatching(/^key_/),
      familyId: found?.id,
      issuers: [],
      team: scope.team,
      kind,
      budgets: [],
      ...(kind === 'publishable' && { access: 'open' }),
    });
    expect(await db.raw.collection('keys').countDocuments({ team: scope.team })).toBe(1);
  });

  test('only the hash and the visible start of a key are stored', async () => {
    const scope = newScope();
    const key = mintApiKey('secret');
    await db.stores.apiKeys.create(scope, key);
    const [document] = await db.raw.collection('keys').find({ team: scope.team }).toArray();
    expect(document).toEqual({
      _id: expect.stringMatching(/^key_/),
      team: scope.team,
      kind: 'secret',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      visibleStart: key.slice(0, 12),
      createdAt: expect.any(Date),
    });
    expect(JSON.stringify(document)).not.toContain(key.slice(12, 30));
  });

  test('a key that another team stored is rejected', async () => {
    const key = mintApiKey('secret');
    const owner = newScope();
    await db.stores.apiKeys.create(owner, key);
    await expect(db.stores.apiKeys.create(newScope(), key)).rejects.toThrow();
    expect(await db.stores.apiKeys.find(key)).toMatchObject({ team: owner.team });
  });

  test('a key that replaced others names the first of them as its family', async () => {
    const scope = newScope();
    const key = mintApiKey('secret');
    await db.stores.apiKeys.create(scope, key);
    await db.raw.collection('keys').updateOne({ team: scope.team }, { $set: { lineage: 'key_first' } });
    expect(await db.stores.apiKeys.find(key)).toMatchObject({ familyId: 'key_first', team: scope.team });
  });

  test('a revoked or expired key is not found', async () => {
    const scope = newScope();
    const keys = [mintApiKey('secret'), mintApiKey('secret'), mintApiKey('secret')] as const;
    for (const key of keys) await db.stores.apiKeys.create(scope, key);
    const documents = await db.raw
      .collection('keys')
      .find({ team: scope.team })
      .sort({ createdAt: 1, _id: 1 })
      .toArray();
    const set = (index: number, fields: object) =>
      db.raw.collection('keys').updateOne({ _id: documents[index]?._id as never }, { $set: fields });
    await set(0, { revokedAt: new Date() });
    await set(1, { expiresAt: new Date(Date.now() - 1) });
    await set(2, { expiresAt: new Date(Date.now() + 60_000) });
    expect(await Promise.all(keys.map((key) => db.stores.apiKeys.find(key)))).toEqual([
      undefined,
      undefined,
      expect.objectContaining({ team: scope.team }),
    ]);
  });
});

describe('texts that are no key', () => {
  const real = mintApiKey('secret');
  const flip = (text: string, at: number) =>
    text.slice(0, at) + (text[at] === 'a' ? 'b' : 'a') + text.slice(at + 1);

  test('a text that cannot be a key is rejected without a database query', async () => {
    const wrong = [
      ...Array.from({ length: real.length }, (_, at) => flip(real, at)),
      real.slice(0, -1),
      `${real}a`,
      ` ${real}`,
      `${real}\n`,
      real.replace('sk_', 'pk_'),
      real.toUpperCase(),
      '',
      'sk_live_',
      'x'.repeat(100_000),
    ];
    watched.commands();
    for (const text of wrong) expect(await watched.stores.apiKeys.find(text)).toBeUndefined();
    expect(watched.commands()).toEqual([]);
  });

  test('keys are 32 random base62 characters and a checksum, and differ', () => {
    const keys = Array.from({ length: 200 }, () => mintApiKey('publishable'));
    expect(new Set(keys).size).toBe(200);
    for (const key of keys) {
      expect(key).toMatch(/^pk_live_[0-9A-Za-z]{38}$/);
      expect(isApiKey(key)).toBe(true);
    }
    expect(Buffer.byteLength(real)).toBe(46);
  });
});

describe('the cache', () => {
  test('the cache holds a found key for a few seconds, and parallel look-ups share one query', async () => {
    const key = mintApiKey('secret');
    await db.stores.apiKeys.create(newScope(), key);
    const later = passTime();
    try {
      watched.commands();
      await Promise.all(Array.from({ length: 20 }, () => watched.stores.apiKeys.find(key)));
      expect(finds()).toHaveLength(1);
      await watched.stores.apiKeys.find(key);
      expect(finds()).toHaveLength(0);
      await db.raw.collection('keys').updateMany({}, { $set: { revokedAt: new Date() } });
      later.by(4_001);
      // The cache reads the clock at most once a millisecond.
      await expect.poll(() => watched.stores.apiKeys.find(key)).toBeUndefined();
      expect(finds()).toHaveLength(1);
    } finally {
      later.restore();
      await db.raw.collection('keys').updateMany({}, { $unset: { revokedAt: 1 } });
    }
  });

  test('a key that was tried before it existed works within seconds of its creation', async () => {
    const key = mintApiKey('secret');
    expect(await watched.stores.apiKeys.find(key)).toBeUndefined();
    const scope = newScope();
    await db.stores.apiKeys.create(scope, key);
    expect(await db.stores.apiKeys.find(key)).toMatchObject({ team: scope.team });
    const found = () => watched.stores.apiKeys.find(key);
    await expect.poll(found, { timeout: 5_000 }).toMatchObject({ team: scope.team });
  });
});
