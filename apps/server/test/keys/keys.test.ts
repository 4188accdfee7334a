import { type Key, type KeyList, limits, type NewKey } from '@parley/contract';
import { connectDatabase, isApiKey } from '@parley/db';
import { afterAll, describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam, rest, mongo, url, startReplica } = await startHarness();
const team = await makeTeam();
/** Another connection has its own caches, as another process has. The servers of a harness share theirs. */
const elsewhere = await connectDatabase(mongo.uri);
afterAll(() => elsewhere.close());

const make = async (body: object) => (await team.rest<NewKey>('POST', '/key', { body })).body;
const list = async () => (await team.rest<KeyList>('GET', '/key')).body.keys;
const statusOf = async (key: string, base = url) =>
  (await fetch(`${base}/agent`, { headers: { 'x-api-key': key } })).status;

describe('a key that is created', () => {
  test('a new key is shown once, works at once, and is listed without its text', async () => {
    const fields = { name: 'Website', origins: ['https://example.com'] };
    const made = await make({ kind: 'publishable', access: 'open', ...fields });
    expect(isApiKey(made.key)).toBe(true);
    const { key, ...shown } = made;
    expect(shown).toEqual({
      id: expect.stringMatching(/^key_/),
      familyId: made.id,
      issuedBy: expect.stringMatching(/^key_/),
      kind: 'publishable',
      access: 'open',
      warning: expect.stringContaining('all chats of the team'),
      ...fields,
      visibleStart: key.slice(0, 12),
      createdAt: expect.stringMatching(/Z$/),
    });
    expect(await statusOf(key)).toBe(200);
    const [newest] = await list();
    expect(newest).toMatchObject(shown);
    expect((await team.rest('GET', `/key/${made.id}`)).body).toMatchObject(shown);
    expect(JSON.stringify(await list())).not.toContain(key);
    expect(JSON.stringify(await mongo.raw.collection('keys').find().toArray())).not.toContain(key);
  });

  test('a key says when it was last used', async () => {
    const { id, key } = await make({ kind: 'secret' });
    const usedAt = async () => (await list()).find((one) => one.id === id)?.lastUsedAt;
    expect(await usedAt()).toBeUndefined();
    await statusOf(key);
    await expect.poll(usedAt).toMatch(/Z$/);
  });

  test('a key is rejected after its end', async () => {
    const { id, key } = await make({ kind: 'secret' });
    await mongo.raw
      .collection<{ _id: string }>('keys')
      .updateOne({ _id: id }, { $set: { expiresAt: new Date(Date.now() - 1) } });
    expect(await statusOf(key)).toBe(401);
    for (const [method, path] of [
      ['PATCH', `/key/${id}`],
      ['POST', `/key/${id}/roll`],
    ] as const) {
      const { status, apiError } = await team.rest(method, path, { body: {} });
      expect([status, apiError.code]).toEqual([409, 'key_ended']);
    }
  });
});

test('a revoked key is rejected by every process within five seconds, also by one that has used it', async () => {
  const replica = await startReplica({ hasOwnDatabase: true });
  const { id, key } = await make({ kind: 'secret' });
  for (const base of [url, replica.url]) expect(await statusOf(key, base)).toBe(200);
  expect((await team.rest('DELETE', `/key/${id}`)).status).toBe(204);
  // The process that revoked it has no cached copy any more.
  expect(await statusOf(key)).toBe(401);
  await expect.poll(() => statusOf(key, replica.url)).toBe(401);
  expect(limits.cacheMs).toBeLessThan(5_000);
  expect((await team.rest('DELETE', `/key/${id}`)).status).toBe(204);
  expect((await team.rest<Key>('GET', `/key/${id}`)).body.revokedAt).toMatch(/Z$/);
});

test('keys that a revoked key has issued are rejected at once by the process that revoked them', async () => {
  const issuer = await make({ kind: 'secret' });
  const { body: issued } = await rest<NewKey>('POST', '/key', { key: issuer.key, body: { kind: 'secret' } });
  for (const { key } of [issuer, issued]) expect(await statusOf(key)).toBe(200);
  expect((await team.rest('DELETE', `/key/${issuer.id}?revokeIssued=true`)).status).toBe(204);
  for (const { key } of [issuer, issued]) expect(await statusOf(key)).toBe(401);
});

test('a key that another process revoked, or whose issuer it revoked, is rejected within five seconds', async () => {
  const issuer = await make({ kind: 'secret', tokensPerDay: 1_000 });
  const { status, body: issued } = await rest<NewKey>('POST', '/key', {
    key: issuer.key,
    body: { kind: 'secret' },
  });
  expect(status).toBe(200);
  for (const { key } of [issuer, issued]) expect(await statusOf(key)).toBe(200);
  await elsewhere.stores.apiKeys.revoke({ team: team.id }, issuer.id as never, true);
  for (const { key } of [issuer, issued]) {
    await expect.poll(() => statusOf(key), { timeout: 5_000 }).toBe(401);
  }
});

describe('a key that is rolled', () => {
  test('a rolled key has a successor with its name and origins, and works until the overlap ends', async () => {
    const old = await make({
      kind: 'publishable',
      access: 'open',
      name: 'Page',
      origins: ['https://example.com'],
    });
    const { status, body: next } = await team.rest<NewKey>('POST', `/key/${old.id}/roll`, {
      body: { overlapSeconds: 3_600 },
    });
    expect(status).toBe(200);
    expect(next).toMatchObject({
      kind: 'publishable',
      access: 'open',
      name: 'Page',
      origins: ['https://example.com'],
    });
    expect(next.key).not.toBe(old.key);
    expect([await statusOf(old.key), await statusOf(next.key)]).toEqual([200, 200]);
    const { expiresAt = '' } = (await team.rest<Key>('GET', `/key/${old.id}`)).body;
    const leftMs = Date.parse(expiresAt) - Date.now();
    expect(leftMs).toBeGreaterThan(3_500_000);
    expect(leftMs).toBeLessThanOrEqual(3_600_000);
  });

  test('a roll without an overlap ends the key at once, and a roll without a body has one day', async () => {
    const old = await make({ kind: 'secret' });
    await team.rest('POST', `/key/${old.id}/roll`, { body: { overlapSeconds: 0 } });
    expect(await statusOf(old.key)).toBe(401);
    const kept = await make({ kind: 'secret' });
    const { status } = await team.rest('POST', `/key/${kept.id}/roll`);
    expect(status).toBe(200);
    const { expiresAt = '' } = (await team.rest<Key>('GET', `/key/${kept.id}`)).body;
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(23 * 3_600_000);
  });

  test('the successor of a rolled key repeats the requests of the old key', async () => {
    const old = await make({ kind: 'secret' });
    const { id: chatId } = await team.makeChat();
    const send = (key: string) =>
      rest('POST', `/chat/${chatId}/message`, {
        headers: { 'x-api-key': key, 'idempotency-key': 'one' },
        body: { content: 'once', role: 'user' },
      });
    const first = await send(old.key);
    const { body: next } = await team.rest<NewKey>('POST', `/key/${old.id}/roll`);
    const again = await send(next.key);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  });
});

test('an update changes the given fields only, and an empty list removes the origins', async () => {
  const { id } = await make({
    kind: 'publishable',
    access: 'open',
    name: 'Page',
    origins: ['https://example.com'],
  });
  const update = async (body: object) => (await team.rest<Key>('PATCH', `/key/${id}`, { body })).body;
  expect(await update({ name: 'Shop' })).toMatchObject({ name: 'Shop', origins: ['https://example.com'] });
  expect(await update({ origins: [] })).not.toHaveProperty('origins');
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  expect(await update({ expiresAt })).toMatchObject({ name: 'Shop', expiresAt });
});

test.each([
  'example.com',
  'https://example.com/',
  'https://example.com/path',
  'https://EXAMPLE.com',
  'https://example.com:443',
  'ftp://example.com',
  'null',
  '*',
  'https://*.example.com',
  'https://user@example.com',
])('the origin "%s" is rejected because browsers do not send it in this form', async (origin) => {
  const { status, apiError } = await team.rest('POST', '/key', {
    body: { kind: 'publishable', access: 'open', origins: [origin] },
  });
  expect([status, apiError.code, apiError.issues?.[0]?.path]).toEqual([400, 'invalid_input', 'origins.0']);
});
