import type {
  AuditList,
  Chat,
  ChatList,
  Key,
  KeyList,
  NewKey,
  NewSigningSecret,
  ShownTokenIssuer,
} from '@parley/contract';
import { mintId } from '@parley/contract';
import type { ApiKeyFields } from '@parley/db';
import { longTest } from '@parley/embedded/testing/form';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { startHarness, type Team } from '../harness.ts';

/*
 * Keys that issue keys: an issued key has no more access, lives no longer and spends no more than its issuer, and
 * ends with it.
 */

const { makeTeam, rest, mongo, url, startReplica } = await startHarness();
const replica = await startReplica({ hasOwnDatabase: true });

const HOUR = 3_600_000;
const inHours = (hours: number) => new Date(Date.now() + hours * HOUR).toISOString();

/** Issues a key with another one. */
async function issue(key: string, body: object = { kind: 'secret' }): Promise<NewKey> {
  const { status, body: made, apiError } = await rest<NewKey>('POST', '/key', { key, body });
  if (status !== 200) throw new Error(apiError.code);
  return made;
}

/** A key without an issuer, as the admin command creates it. */
async function makeRoot(team: Team, fields: ApiKeyFields) {
  const { key, info } = await mongo.database.stores.apiKeys.issue({ team: team.id }, 'secret', fields);
  return { id: info.id, key };
}

const codeOf = async (method: string, path: string, key: string, body?: object) => {
  const answer = await rest(method, path, { key, ...(body && { body }) });
  return answer.status < 300 ? 'success' : answer.apiError.code;
};
const statusOf = async (key: string, base = url) =>
  (await fetch(`${base}/chat`, { headers: { 'x-api-key': key } })).status;

async function sign(team: Team, { id, secret }: NewSigningSecret, user: string): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256', kid: id })
    .setSubject(user)
    .setAudience(team.id)
    .setExpirationTime('10m')
    .sign(new TextEncoder().encode(secret));
}

describe('a signing secret', () => {
  const limited: [string, (team: Team) => object][] = [
    ['scopes of keys alone', () => ({ scopes: ['keys:read', 'keys:write'] })],
    ['agents', (team) => ({ agentIds: [team.agent.id] })],
    ['an end', () => ({ expiresAt: inHours(1) })],
    ['a budget', () => ({ tokensPerDay: 1_000_000 })],
    ['origins', () => ({ origins: ['https://example.com'] })],
  ];

  test('a key with exactly the scopes for chats and for writing keys manages signing secrets', async () => {
    const team = await makeTeam();
    const scopes = ['chats:read', 'chats:write', 'keys:write'];
    const { key } = await issue(team.secretKey, { kind: 'secret', scopes });
    const { body: made } = await rest<NewSigningSecret>('POST', '/signing-secret', { key });
    expect(await codeOf('GET', '/signing-secret', key)).toBe('success');
    expect(await codeOf('DELETE', `/signing-secret/${made.id}`, key)).toBe('success');
  });

  test.each(limited)('a key with %s cannot issue, list or revoke signing secrets', async (_, limitsOf) => {
    const team = await makeTeam();
    const limits = limitsOf(team);
    const { key } = await issue(team.secretKey, { kind: 'secret', ...limits });
    const { body: own } = await team.rest<NewSigningSecret>('POST', '/signing-secret');
    expect(await codeOf('POST', '/signing-secret', key)).toBe('unrestricted_key_needed');
    expect(await codeOf('GET', '/signing-secret', key)).toBe('unrestricted_key_needed');
    expect(await codeOf('DELETE', `/signing-secret/${own.id}`, key)).toBe('unrestricted_key_needed');
    // The same holds in two steps, through a key that it issues.
    const child = await issue(key, { kind: 'secret', ...limits });
    expect(await codeOf('POST', '/signing-secret', child.key)).toBe('unrestricted_key_needed');
    const { body } = await team.rest<{ signingSecrets: { id: string }[] }>('GET', '/signing-secret');
    expect(body.signingSecrets.map(({ id }) => id)).toEqual([own.id]);
  });

  test('a key that may issue signing secrets has all scopes that they give, and lets no other key read chats', async () => {
    const team = await makeTeam();
    const { id: chatId } = await team.makeChat({ userId: 'ann' });
    const scopes = ['chats:read', 'chats:write', 'keys:write'];
    const { key } = await issue(team.secretKey, { kind: 'secret', scopes });
    const { body: secret } = await rest<NewSigningSecret>('POST', '/signing-secret', { key });
    expect(secret.issuedBy).toMatch(/^key_/);
    const headers = { 'x-user-token': await sign(team, secret, 'ann') };
    const { body } = await rest<ChatList>('GET', '/chat', { key: team.publishableKey, headers });
    expect(body.chats.map(({ id }) => id)).toEqual([chatId]);
  });

  test('a signing secret ends with the key that issued it, with an entry in the audit log', async () => {
    const team = await makeTeam();
    const { id, key } = await issue(team.secretKey);
    const { body: secret } = await rest<NewSigningSecret>('POST', '/signing-secret', { key });
    const headers = { 'x-user-token': await sign(team, secret, 'ann') };
    const read = () => rest('GET', '/chat', { key: team.publishableKey, headers });
    expect((await read()).status).toBe(200);
    await team.rest('DELETE', `/key/${id}`, { query: { revokeIssued: 'true' } });
    expect((await read()).apiError.code).toBe('user_token_invalid');
    const { entries } = (await team.rest<AuditList>('GET', '/audit')).body;
    expect(entries).toContainEqual(
      expect.objectContaining({ action: 'signingSecret.revoke', targetId: secret.id, outcome: 'done' }),
    );
  });
});

describe('a token issuer', () => {
  const settings = { url: 'https://login.example/jwks', issuer: 'https://login.example/', audience: 'chat' };
  const setBy = async (key: string) =>
    (await rest<ShownTokenIssuer>('PUT', '/token-issuer', { key, body: settings })).body.issuedBy;
  const isThere = async (team: Team) => (await team.rest('GET', '/token-issuer')).status === 200;

  test.each([
    ['with limits', { scopes: ['chats:read', 'chats:write', 'keys:write'] }, {}],
    ['without limits, when all that it issued is revoked', {}, { revokeIssued: 'true' }],
  ])(
    'a token issuer ends with a key %s that set it, with an entry in the audit log',
    async (_, limits, query) => {
      const team = await makeTeam();
      const { id, key } = await issue(team.secretKey, { kind: 'secret', ...limits });
      expect(await setBy(key)).toBe(id);
      await team.rest('DELETE', `/key/${id}`, { query });
      expect(await isThere(team)).toBe(false);
      const { entries } = (await team.rest<AuditList>('GET', '/audit')).body;
      expect(entries).toContainEqual(
        expect.objectContaining({ action: 'tokenIssuer.delete', outcome: 'done' }),
      );
    },
  );

  test('a token issuer ends with the key that issued the key that set it', async () => {
    const team = await makeTeam();
    const root = await issue(team.secretKey);
    const child = await issue(root.key);
    await setBy(child.key);
    await team.rest('DELETE', `/key/${root.id}`, { query: { revokeIssued: 'true' } });
    expect(await isThere(team)).toBe(false);
  });

  test('a token issuer stays when another key, or only the unlimited key that set it, is revoked', async () => {
    const team = await makeTeam();
    const [setter, other] = [await issue(team.secretKey), await issue(team.secretKey)];
    await setBy(setter.key);
    await team.rest('DELETE', `/key/${other.id}`, { query: { revokeIssued: 'true' } });
    await team.rest('DELETE', `/key/${setter.id}`);
    expect(await isThere(team)).toBe(true);
  });
});

describe('a key that another key issues', () => {
  test('an issued key has the end, the origins and the budget of its issuer unless it gets less', async () => {
    const team = await makeTeam();
    const bounds = { expiresAt: inHours(2), origins: ['https://a.example', 'https://b.example'] };
    const issuer = await issue(team.secretKey, { kind: 'secret', tokensPerDay: 3_000, ...bounds });
    const same = await issue(issuer.key, { kind: 'publishable', access: 'guest' });
    expect(same).toMatchObject({ issuedBy: issuer.id, tokensPerDay: 3_000, ...bounds });
    const less = { expiresAt: inHours(1), origins: ['https://a.example'], tokensPerDay: 1_000 };
    expect(await issue(issuer.key, { kind: 'secret', ...less })).toMatchObject(less);
  });

  test.each([
    ['a later end', { expiresAt: inHours(3) }],
    ['another origin', { origins: ['https://a.example', 'https://c.example'] }],
    ['no origins', { origins: [] }],
    ['a larger budget', { tokensPerDay: 3_001 }],
    ['more scopes', { scopes: ['chats:read', 'usage:read'] }],
    ['all scopes', { scopes: undefined }],
  ])('an issued key cannot have %s than its issuer', async (_, more) => {
    const team = await makeTeam();
    const scopes = ['chats:read', 'keys:write'];
    const bounds = { expiresAt: inHours(2), origins: ['https://a.example'], tokensPerDay: 3_000, scopes };
    const issuer = await issue(team.secretKey, { kind: 'secret', ...bounds });
    const body = { kind: 'secret', scopes, ...more };
    expect(await codeOf('POST', '/key', issuer.key, body)).toBe('key_beyond_yours');
    const child = await issue(issuer.key, { kind: 'secret', scopes });
    const { scopes: _unchangeable, ...change } = more as { scopes?: unknown };
    if (Object.keys(change).length === 0) return;
    expect(await codeOf('PATCH', `/key/${child.id}`, issuer.key, change)).toBe('key_beyond_yours');
    expect(await codeOf('PATCH', `/key/${issuer.id}`, issuer.key, change)).toBe('key_beyond_yours');
    expect(await codeOf('PATCH', `/key/${child.id}`, team.secretKey, change)).toBe('key_beyond_issuer');
    const { body: stored } = await team.rest<Key>('GET', `/key/${child.id}`);
    expect(stored).toMatchObject(bounds);
  });

  longTest('an issued key ends on every server when its issuer’s end is moved forward', async () => {
    const team = await makeTeam();
    const issuer = await issue(team.secretKey, { kind: 'secret', expiresAt: inHours(2) });
    const child = await issue(issuer.key);
    for (const base of [url, replica.url]) expect(await statusOf(child.key, base)).toBe(200);
    const soon = new Date(Date.now() + 5_000).toISOString();
    await team.rest('PATCH', `/key/${issuer.id}`, { body: { expiresAt: soon } });
    for (const base of [url, replica.url]) {
      await expect.poll(() => statusOf(child.key, base), { timeout: 20_000 }).toBe(401);
    }
  });

  test('an issued key is rejected after its issuer’s end, even if its own document has a later end', async () => {
    const team = await makeTeam();
    const issuer = await issue(team.secretKey);
    const child = await issue(issuer.key);
    await mongo.raw
      .collection('keys')
      .updateOne({ _id: issuer.id as never }, { $set: { expiresAt: new Date(Date.now() - 1) } });
    expect(await statusOf(child.key)).toBe(401);
  });

  test('a key belongs to one of at most three generations', async () => {
    const team = await makeTeam();
    const second = await issue(team.secretKey);
    const third = await issue(second.key);
    expect(third.issuedBy).toBe(second.id);
    expect(await codeOf('POST', '/key', third.key, { kind: 'secret' })).toBe('too_many_key_generations');
    expect(await codeOf('POST', `/key/${third.id}/roll`, third.key, {})).toBe('success');
  });
});

describe('a budget', () => {
  const spend = (team: Team, subject: string, tokens: number) => {
    const day = new Date().toISOString().slice(0, 10);
    const { budgets } = mongo.database.stores;
    return budgets.reserve({ team: team.id }, { subject, day, tokens }, 1_000_000_000);
  };

  test('a budget is used by the key, by the keys that it issued and by those that these issued', async () => {
    const team = await makeTeam();
    const chat = await team.makeChat();
    const issuer = await makeRoot(team, { tokensPerDay: 50_000 });
    const child = await issue(issuer.key, { kind: 'secret', tokensPerDay: 20_000 });
    const grandchild = await issue(child.key);
    const send = async (key: string) => team.send(chat.id, 'hello', { key });
    expect((await send(grandchild.key)).status).toBe(200);
    const turn = await mongo.raw.collection('turns').findOne({ team: team.id });
    const used = turn?.['usage'][0].inputTokens + turn?.['usage'][0].outputTokens;
    const spentOf = async (id: string) =>
      (await mongo.raw.collection('budgets').findOne({ _id: { $regex: `^${id}/` } as never }))?.['spent'];
    for (const { id } of [issuer, child, grandchild]) await expect.poll(() => spentOf(id)).toBe(used);

    await spend(team, child.id, 20_000);
    const rejected = await send(grandchild.key);
    expect([rejected.status, rejected.apiError.code]).toEqual([429, 'budget_exhausted']);
    expect(rejected.apiError.message).toContain('the key that issued this one');
    expect((await send(issuer.key)).status).toBe(200);
    await spend(team, issuer.id, 50_000);
    const other = await issue(issuer.key);
    expect((await send(other.key)).apiError.code).toBe('budget_exhausted');
    expect((await send(team.secretKey)).status).toBe(200);
  });

  longTest('a budget that an issuer gets later applies to the keys that it issued before', async () => {
    const team = await makeTeam();
    const chat = await team.makeChat();
    const issuer = await issue(team.secretKey);
    const child = await issue(issuer.key);
    await team.rest('PATCH', `/key/${issuer.id}`, { body: { tokensPerDay: 10 } });
    await spend(team, issuer.id, 10);
    const answer = await team.send(chat.id, 'hello', { key: child.key });
    expect(answer.apiError.code).toBe('budget_exhausted');
  });
});

describe('a key with limits', () => {
  const asLimited = (team: Team) => issue(team.secretKey, { kind: 'secret', tokensPerDay: 3_000 });

  test('a key with limits can change and revoke itself and the keys that it issued, and no other', async () => {
    const team = await makeTeam();
    const limited = await asLimited(team);
    const sibling = await asLimited(team);
    const [root] = (await team.rest<KeyList>('GET', '/key')).body.keys.slice(-1);
    for (const id of [sibling.id, root?.id]) {
      expect(await codeOf('PATCH', `/key/${id}`, limited.key, { name: 'x' })).toBe('key_beyond_yours');
      expect(await codeOf('POST', `/key/${id}/roll`, limited.key, {})).toBe('key_beyond_yours');
      expect(await codeOf('DELETE', `/key/${id}`, limited.key)).toBe('key_beyond_yours');
    }
    const child = await issue(limited.key);
    expect(await codeOf('PATCH', `/key/${child.id}`, limited.key, { tokensPerDay: 10 })).toBe('success');
    expect(await codeOf('POST', `/key/${child.id}/roll`, limited.key, {})).toBe('success');
    expect(await codeOf('DELETE', `/key/${child.id}`, limited.key)).toBe('success');
    expect(await codeOf('PATCH', `/key/${limited.id}`, limited.key, { tokensPerDay: 10 })).toBe('success');
    expect(await codeOf('DELETE', `/key/${limited.id}`, limited.key)).toBe('success');
    expect(await statusOf(limited.key)).toBe(401);
  });

  test('a key with limits cannot roll itself, so that no successor outlives its revocation', async () => {
    const team = await makeTeam();
    const limited = await asLimited(team);
    expect(await codeOf('POST', `/key/${limited.id}/roll`, limited.key, {})).toBe('key_beyond_yours');
  });

  test('a key for some agents sees exactly the keys for these agents', async () => {
    const team = await makeTeam();
    const other = await team.makeAgent({ name: 'Other' });
    const [mine, both] = [[team.agent.id], [team.agent.id, other.id]];
    const limited = await issue(team.secretKey, { kind: 'secret', agentIds: mine });
    const same = await issue(team.secretKey, { kind: 'publishable', access: 'guest', agentIds: mine });
    const wider = await issue(team.secretKey, { kind: 'publishable', access: 'guest', agentIds: both });
    const child = await issue(limited.key, { kind: 'publishable', access: 'open', agentIds: mine });
    const { body } = await rest<KeyList>('GET', '/key', { key: limited.key });
    expect(body.keys.map(({ id }) => id)).toEqual([child.id, same.id, limited.id]);
    expect(await codeOf('GET', `/key/${wider.id}`, limited.key)).toBe('key_not_found');
    expect(await codeOf('GET', `/key/${same.id}`, limited.key)).toBe('success');
  });
});

describe('revoking a key', () => {
  test('revoking a key with limits revokes all that it issued, on every server, with an entry for each', async () => {
    const team = await makeTeam();
    const limited = await makeRoot(team, { expiresAt: new Date(inHours(1)) });
    const child = await issue(limited.key);
    const grandchild = await issue(child.key, { kind: 'publishable', access: 'open' });
    const issued = [child, grandchild];
    for (const base of [url, replica.url]) {
      for (const { key } of issued) expect(await statusOf(key, base)).toBe(200);
    }
    expect((await team.rest('DELETE', `/key/${limited.id}`)).status).toBe(204);
    // The server that revoked them has removed them from its cache at once, and the other one after a few seconds.
    for (const { key } of issued) expect(await statusOf(key)).toBe(401);
    for (const { key } of issued) {
      await expect.poll(() => statusOf(key, replica.url), { timeout: 10_000 }).toBe(401);
    }
    const { entries } = (await team.rest<AuditList>('GET', '/audit')).body;
    const revoked = entries.filter(({ action }) => action === 'key.revoke');
    expect(revoked.map(({ targetId }) => targetId).sort()).toEqual(
      [limited, ...issued].map(({ id }) => id).sort(),
    );
    expect(revoked.every(({ outcome }) => outcome === 'done')).toBe(true);
  });

  test('revoking a key without limits revokes what it issued only on request', async () => {
    const team = await makeTeam();
    const unlimited = await issue(team.secretKey);
    const child = await issue(unlimited.key);
    await team.rest('DELETE', `/key/${unlimited.id}`);
    expect([await statusOf(unlimited.key), await statusOf(child.key)]).toEqual([401, 200]);
    await team.rest('DELETE', `/key/${unlimited.id}`, { query: { revokeIssued: 'true' } });
    expect(await statusOf(child.key)).toBe(401);
  });

  test('a rolled key keeps what it issued when it expires, and revokes it when it is revoked', async () => {
    const team = await makeTeam();
    const limited = await issue(team.secretKey, { kind: 'secret', tokensPerDay: 50_000 });
    const child = await issue(limited.key);
    const { body: next } = await team.rest<NewKey>('POST', `/key/${limited.id}/roll`, {
      body: { overlapSeconds: 0 },
    });
    expect(next).toMatchObject({ familyId: limited.id, issuedBy: limited.issuedBy, tokensPerDay: 50_000 });
    expect([await statusOf(limited.key), await statusOf(child.key)]).toEqual([401, 200]);
    // The successor continues as the issuer.
    expect(await codeOf('PATCH', `/key/${child.id}`, next.key, { name: 'x' })).toBe('success');
    await team.rest('DELETE', `/key/${next.id}`);
    expect(await statusOf(child.key)).toBe(401);
  });

  test('revoking an unlimited key in its overlap does not revoke what its successor manages', async () => {
    const team = await makeTeam();
    const old = await issue(team.secretKey);
    const child = await issue(old.key);
    await team.rest('POST', `/key/${old.id}/roll`, { body: { overlapSeconds: 3_600 } });
    await team.rest('DELETE', `/key/${old.id}`);
    expect(await statusOf(child.key)).toBe(200);
  });

  longTest('revoking a key leaves no key that is issued at the same time', async () => {
    const team = await makeTeam();
    for (let round = 0; round < 3; round++) {
      const limited = await issue(team.secretKey, { kind: 'secret', expiresAt: inHours(1) });
      await statusOf(limited.key, replica.url);
      const made: string[] = [];
      const bodies = Array.from({ length: 12 }, () => ({ key: limited.key, body: { kind: 'secret' } }));
      const issuing = bodies.map(async (request, index) => {
        const base = index % 2 ? url : replica.url;
        const answer = await fetch(`${base}/key`, {
          method: 'POST',
          headers: { 'x-api-key': request.key, 'content-type': 'application/json' },
          body: JSON.stringify(request.body),
        });
        if (answer.status === 200) made.push(((await answer.json()) as NewKey).key);
      });
      await Promise.all([...issuing, team.rest('DELETE', `/key/${limited.id}`)]);
      for (const key of made) await expect.poll(() => statusOf(key), { timeout: 10_000 }).toBe(401);
    }
  });

  test('a revocation that a crash interrupted is finished by the same request', async () => {
    const team = await makeTeam();
    const limited = await issue(team.secretKey, { kind: 'secret', expiresAt: inHours(1) });
    const child = await issue(limited.key);
    // The state after a process that died after its first write.
    await mongo.database.stores.apiKeys.revoke(
      { team: team.id },
      limited.id as ReturnType<typeof keyId>,
      true,
    );
    expect(await statusOf(child.key)).toBe(401);
    expect((await team.rest<Key>('GET', `/key/${child.id}`)).body).not.toHaveProperty('revokedAt');
    await team.rest('DELETE', `/key/${limited.id}`);
    expect((await team.rest<Key>('GET', `/key/${child.id}`)).body.revokedAt).toMatch(/Z$/);
  });
});

const keyId = () => mintId('key');

describe('a rolled key in its overlap', () => {
  const rolled = async (team: Team, body: object = { kind: 'secret' }) => {
    const old = await issue(team.secretKey, body);
    const roll = { body: { overlapSeconds: 3_600 } };
    const next = (await team.rest<NewKey>('POST', `/key/${old.id}/roll`, roll)).body;
    const { expiresAt } = (await team.rest<Key>('GET', `/key/${old.id}`)).body;
    return { old, next, expiresAt: expiresAt ?? '' };
  };
  const readKey = async (team: Team, id: string) => (await team.rest<Key>('GET', `/key/${id}`)).body;

  test('a rolled key cannot get a later end, and can give itself an earlier one', async () => {
    const team = await makeTeam();
    const { old, next, expiresAt } = await rolled(team);
    const later = { expiresAt: '2999-01-01T00:00:00.000Z' };
    expect(await codeOf('PATCH', `/key/${old.id}`, old.key, later)).toBe('key_beyond_yours');
    expect(await codeOf('PATCH', `/key/${old.id}`, next.key, later)).toBe('key_replaced');
    expect(await codeOf('PATCH', `/key/${old.id}`, team.secretKey, later)).toBe('key_replaced');
    expect((await readKey(team, old.id)).expiresAt).toBe(expiresAt);
    const sooner = { expiresAt: inHours(0.5) };
    expect(await codeOf('PATCH', `/key/${old.id}`, old.key, sooner)).toBe('success');
    expect((await readKey(team, old.id)).expiresAt).toBe(sooner.expiresAt);
    expect(await codeOf('PATCH', `/key/${next.id}`, next.key, later)).toBe('success');
  });

  test('a rolled key cannot roll a key and cannot manage signing secrets and token issuers', async () => {
    const team = await makeTeam();
    const { old, next } = await rolled(team);
    const other = await issue(team.secretKey);
    for (const { id } of [old, next, other]) {
      expect(await codeOf('POST', `/key/${id}/roll`, old.key, {})).toBe('key_beyond_yours');
    }
    const settings = {
      url: 'https://login.example/jwks',
      issuer: 'https://login.example/',
      audience: 'chat',
    };
    expect(await codeOf('POST', '/signing-secret', old.key)).toBe('unrestricted_key_needed');
    expect(await codeOf('GET', '/signing-secret', old.key)).toBe('unrestricted_key_needed');
    expect(await codeOf('PUT', '/token-issuer', old.key, settings)).toBe('unrestricted_key_needed');
    expect(await codeOf('POST', '/signing-secret', next.key)).toBe('success');
    expect(await codeOf('PUT', '/token-issuer', next.key, settings)).toBe('success');
  });

  test('a rolled key issues keys that end no later than itself, and its successor can extend them', async () => {
    const team = await makeTeam();
    const { old, next, expiresAt } = await rolled(team);
    const later = { expiresAt: inHours(2) };
    expect(await codeOf('POST', '/key', old.key, { kind: 'secret', ...later })).toBe('key_beyond_yours');
    const child = await issue(old.key);
    expect(child.expiresAt).toBe(expiresAt);
    expect(await codeOf('POST', '/signing-secret', child.key)).toBe('unrestricted_key_needed');
    expect(await codeOf('PATCH', `/key/${child.id}`, old.key, later)).toBe('key_beyond_yours');
    expect(await codeOf('PATCH', `/key/${child.id}`, next.key, later)).toBe('success');
  });

  test('a rolled key that ends earlier ends what it issued since the roll, and nothing from before', async () => {
    const team = await makeTeam();
    const root = await issue(team.secretKey);
    const child = await issue(root.key);
    const roll = { body: { overlapSeconds: 3_600 } };
    const next = (await team.rest<NewKey>('POST', `/key/${root.id}/roll`, roll)).body;
    const inOverlap = await issue(root.key);
    const soon = { expiresAt: inHours(0.1) };
    expect(await codeOf('PATCH', `/key/${root.id}`, team.secretKey, soon)).toBe('success');
    expect(await readKey(team, child.id)).not.toHaveProperty('expiresAt');
    expect(await readKey(team, next.id)).not.toHaveProperty('expiresAt');
    expect((await readKey(team, inOverlap.id)).expiresAt).toBe(soon.expiresAt);
    await team.rest('DELETE', `/key/${root.id}`);
    for (const { key } of [child, next]) expect(await statusOf(key)).toBe(200);
    await expect.poll(() => statusOf(inOverlap.key), { timeout: 10_000 }).toBe(401);
  });
});

test('a rolled key with an end gives its successor the same end, also when it is rolled again in its overlap', async () => {
  const team = await makeTeam();
  const expiresAt = inHours(48);
  const { id } = await issue(team.secretKey, { kind: 'secret', expiresAt });
  const roll = async () =>
    (await team.rest<NewKey>('POST', `/key/${id}/roll`, { body: { overlapSeconds: 60 } })).body;
  expect(await roll()).toMatchObject({ expiresAt });
  expect(await roll()).toMatchObject({ expiresAt });
});

test('a key that release 0.1.0 stored is a root without limits, and issues keys', async () => {
  const team = await makeTeam();
  const { key } = await issue(team.secretKey);
  await mongo.raw
    .collection('keys')
    .updateMany(
      { team: team.id },
      { $unset: { issuedBy: 1, issuers: 1, replacedAt: 1, familyExpiresAt: 1 } },
    );
  expect(await codeOf('POST', '/signing-secret', key)).toBe('success');
  const child = await issue(key);
  expect(child).not.toHaveProperty('expiresAt');
  expect(
    (await rest<Chat>('POST', '/chat', { key: child.key, body: { agentId: team.agent.id } })).status,
  ).toBe(200);
});

test('a new publishable key needs an access, and the rejection explains the three choices', async () => {
  const team = await makeTeam();
  const { status, apiError } = await team.rest('POST', '/key', { body: { kind: 'publishable' } });
  expect([status, apiError.code, apiError.issues?.[0]?.path]).toEqual([400, 'invalid_input', 'access']);
  for (const access of ['guest', 'verified', 'open']) {
    expect(apiError.issues?.[0]?.message).toContain(`\`${access}\``);
  }
});
