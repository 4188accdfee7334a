import type { AuditList, NewKey } from '@parley/contract';
import { ApiError } from '@parley/contract';
import type { Database } from '@parley/db';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startHarness } from '../harness.ts';
import { ask, transports } from '../support/transports.ts';
import { walkPages } from '../support/walk-pages.ts';

/* The audit log: each administrative action gets an entry with ids only before it is done. */

const LOOPBACK = /^127\.0\.0\.1$|^::/;

/** The behavior of the audit store that a test sets. */
let broken: 'begin' | 'finish' | undefined;
afterEach(() => {
  broken = undefined;
});

const { url, makeTeam, mongo } = await startHarness({
  alter: (database): Database => {
    const { audit } = database.stores;
    const reject = () => Promise.reject(new ApiError('database_unavailable'));
    return {
      ...database,
      stores: {
        ...database.stores,
        audit: {
          ...audit,
          begin: (...args) => (broken === 'begin' ? reject() : audit.begin(...args)),
          finish: (...args) => (broken === 'finish' ? reject() : audit.finish(...args)),
        },
      },
    };
  },
});

test.each(transports)(
  'actions with a secret key over %s are listed, newest first, without content',
  async (transport) => {
    const team = await makeTeam();
    const headers = { 'x-api-key': team.secretKey };
    const by = async (procedure: string, input: object) =>
      (await ask(transport, procedure, input, { url, headers })).data as { id: string };
    const keyId = (await by('key.create', { kind: 'publishable', access: 'open', name: 'canary name' })).id;
    await by('key.update', { keyId, name: 'canary name 2' });
    await by('key.revoke', { keyId });
    const agentId = (await by('agent.create', { name: 'canary', type: 't', systemPrompt: 'canary prompt' }))
      .id;
    await by('agent.delete', { agentId });

    const { data } = await ask(transport, 'audit.list', {}, { url, headers });
    const { entries } = data as AuditList;
    expect(entries.map(({ action, targetId, outcome }) => [action, targetId, outcome])).toEqual([
      ['agent.delete', agentId, 'done'],
      ['agent.create', agentId, 'done'],
      ['key.revoke', keyId, 'done'],
      ['key.update', keyId, 'done'],
      ['key.create', keyId, 'done'],
    ]);
    const [own] = await mongo.database.stores.apiKeys
      .list({ team: team.id }, 10)
      .then((keys) => keys.filter(({ kind }) => kind === 'secret'));
    for (const { actor, requestId, at } of entries) {
      expect(actor).toEqual({ kind: 'key', keyId: own?.id });
      expect(requestId).toMatch(/^req_/);
      expect(Date.now() - Date.parse(at)).toBeLessThan(60_000);
    }
    const stored = await mongo.raw.collection('auditLog').find({ team: team.id }).toArray();
    expect(JSON.stringify([entries, stored])).not.toContain('canary');
  },
);

test('an entry has the caller’s address, and the limits of a created key without its name and text', async () => {
  const team = await makeTeam();
  const limits = { scopes: ['chats:read'], tokensPerDay: 1_000, expiresAt: '2999-01-01T00:00:00.000Z' };
  await team.rest('POST', '/key', { body: { kind: 'secret', name: 'canary', ...limits } });
  const { entries } = (await team.rest<AuditList>('GET', '/audit')).body;
  expect(entries).toMatchObject([
    {
      action: 'key.create',
      address: expect.stringMatching(LOOPBACK),
      details: { kind: 'secret', ...limits },
    },
  ]);
  expect(Object.keys(entries[0]?.details ?? {}).sort()).toEqual([
    'expiresAt',
    'kind',
    'scopes',
    'tokensPerDay',
  ]);
});

test('a secret key that is used in a page is noted with the caller’s address', async () => {
  const team = await makeTeam();
  const headers = { origin: 'https://page.example' };
  expect((await team.rest('GET', '/chat', { headers })).apiError.code).toBe('secret_key_in_browser');
  await expect
    .poll(async () => (await team.rest<AuditList>('GET', '/audit')).body.entries)
    .toMatchObject([
      {
        action: 'secret_key_in_browser',
        address: expect.stringMatching(LOOPBACK),
        outcome: 'done',
      },
    ]);
});

test('a deletion of a chat by the team is listed, and one by its user is not', async () => {
  const team = await makeTeam();
  const [byTeam, byUser] = [await team.makeChat({ userId: 'ann' }), await team.makeChat({ userId: 'ann' })];
  const headers = { 'x-user-token': await team.userToken('ann') };
  expect((await team.rest('DELETE', `/chat/${byUser.id}`, { headers })).status).toBe(204);
  expect((await team.rest('DELETE', `/chat/${byTeam.id}`)).status).toBe(204);
  const { entries } = (await team.rest<AuditList>('GET', '/audit')).body;
  const address = expect.stringMatching(LOOPBACK);
  expect(entries).toMatchObject([{ action: 'chat.delete', targetId: byTeam.id, outcome: 'done', address }]);
  expect(entries).toHaveLength(1);
});

test('a secret key that asks for more than it has is noted once, not for each attempt', async () => {
  const team = await makeTeam();
  const more = { tokensPerDay: 2_000 };
  const issue = async (limits: object) =>
    (await team.rest<NewKey>('POST', '/key', { body: { kind: 'secret', ...limits } })).body;
  const limited = await issue({ tokensPerDay: 1_000 });
  const ofAgent = await issue({ agentIds: [team.agent.id] });
  const { id: otherAgentId } = await team.makeAgent();
  const attempts: [NewKey, string, string, number, object?][] = [
    [limited, 'POST', '/signing-secret', 403],
    [limited, 'POST', '/key', 403, { kind: 'secret', ...more }],
    [limited, 'PATCH', `/key/${limited.id}`, 403, more],
    [limited, 'PATCH', '/team', 403, more],
    [ofAgent, 'POST', '/key', 404, { kind: 'secret', agentIds: [otherAgentId] }],
    [ofAgent, 'POST', `/key/${limited.id}/roll`, 404],
    [ofAgent, 'PATCH', '/team', 403, more],
  ];
  for (let count = 0; count < 3; count++) {
    for (const [{ key }, method, path, status, body] of attempts) {
      const rejected = await team.rest(method, path, { key, ...(body && { body }) });
      expect([method, path, rejected.status]).toEqual([method, path, status]);
    }
  }
  const entriesOf = ({ id }: NewKey, actions: readonly string[]) =>
    actions.map((action) => `${action} by ${id}`);
  await expect
    .poll(async () => {
      const { entries } = (await team.rest<AuditList>('GET', '/audit')).body;
      const rejected = entries.filter(({ outcome }) => outcome === 'refused');
      expect(rejected.filter(({ address }) => !LOOPBACK.test(address ?? ''))).toEqual([]);
      return rejected.map(({ action, actor }) => `${action} by ${actor.keyId}`).sort();
    })
    .toEqual(
      [
        ...entriesOf(limited, ['signingSecret.create', 'key.create', 'key.update', 'team.update']),
        ...entriesOf(ofAgent, ['key.create', 'key.roll', 'team.update']),
      ].sort(),
    );
});

test('reads and rejected actions are not listed', async () => {
  const team = await makeTeam();
  await team.answered();
  await team.rest('GET', '/key');
  await team.rest('POST', '/key', { body: { kind: 'golden' } });
  await team.rest('DELETE', '/key/key_none');
  await team.rest('POST', '/key', { key: team.publishableKey, body: { kind: 'secret' } });
  const { body } = await team.rest<AuditList>('GET', '/audit');
  expect(body.entries).toEqual([]);
});

test('the list is paged, and each team has its own', async () => {
  const [team, other] = [await makeTeam(), await makeTeam()];
  for (let count = 0; count < 5; count++)
    await team.rest('POST', '/key', { body: { kind: 'publishable', access: 'open' } });
  const pages = await walkPages(async (cursor) => {
    const query = { limit: '2', ...(cursor !== undefined && { cursor }) };
    const { body } = await team.rest<AuditList>('GET', '/audit', { query });
    return { items: body.entries, nextCursor: body.nextCursor };
  });
  expect(pages.map(({ length }) => length)).toEqual([2, 2, 1]);
  const ids = pages.flat().map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted().reverse());
  expect((await other.rest<AuditList>('GET', '/audit')).body.entries).toEqual([]);
  expect((await team.rest('GET', '/audit?cursor=x')).apiError.code).toBe('invalid_cursor');
});

test('a secret key that is used in a page of another site is noted once, not for each visitor', async () => {
  const team = await makeTeam();
  const headers = { origin: 'https://leak.example' };
  for (let count = 0; count < 3; count++) {
    const { apiError } = await team.rest('GET', '/chat', { headers });
    expect(apiError.code).toBe('secret_key_in_browser');
  }
  await vi.waitFor(async () => {
    const { entries } = (await team.rest<AuditList>('GET', '/audit')).body;
    expect(entries.map(({ action, actor, outcome }) => [action, actor.kind, outcome])).toEqual([
      ['secret_key_in_browser', 'key', 'done'],
    ]);
  });
});

describe('an audit log that cannot be written', () => {
  test('an action that cannot be noted is not done', async () => {
    const team = await makeTeam();
    broken = 'begin';
    const { apiError } = await team.rest('POST', '/key', { body: { kind: 'publishable', access: 'open' } });
    expect(apiError.code).toBe('database_unavailable');
    broken = undefined;
    expect((await team.rest<{ keys: unknown[] }>('GET', '/key')).body.keys).toHaveLength(2);
  });

  test('an action whose outcome cannot be noted is done, and its entry has no outcome', async () => {
    const team = await makeTeam();
    broken = 'finish';
    const { status } = await team.rest<NewKey>('POST', '/key', {
      body: { kind: 'publishable', access: 'open' },
    });
    expect(status).toBe(200);
    const { entries } = (await team.rest<AuditList>('GET', '/audit')).body;
    expect(entries).toMatchObject([{ action: 'key.create', outcome: 'unknown' }]);
  });
});

test('entries are removed after 400 days', async () => {
  const indexes = await mongo.raw.collection('auditLog').indexes();
  expect(indexes.find(({ key }) => 'at' in key)?.expireAfterSeconds).toBe(400 * 24 * 60 * 60);
});
