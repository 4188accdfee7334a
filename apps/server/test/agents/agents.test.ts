import { type AgentList, type AgentVersionList, type FullAgent, limits, type NewKey } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam, model, url, startReplica } = await startHarness();
const team = await makeTeam();

const settings = { systemPrompt: 'You help. \u{1F600} $$ROOT', model: 'm2', temperature: 0.5 };
const ada = { name: 'Ada', type: 'support', description: 'Helps.', ...settings };
const make = async (body: object = ada) => (await team.rest<FullAgent>('POST', '/agent', { body })).body;
const get = async (id: string) => (await team.rest<FullAgent>('GET', `/agent/${id}`)).body;
const put = (id: string, body: object, path = '') =>
  team.rest<FullAgent>('PUT', `/agent/${id}${path}`, { body });
const versionsOf = async (id: string) =>
  (await team.rest<AgentVersionList>('GET', `/agent/${id}/version`)).body.versions;

describe('an agent that is created', () => {
  test('a new agent has the given settings at version 1, and lists show its public form', async () => {
    const made = await make();
    expect(made).toEqual({
      id: expect.stringMatching(/^agent_/),
      ...ada,
      tools: [],
      version: 1,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: made.createdAt,
    });
    expect(await get(made.id)).toEqual(made);
    const { body } = await team.rest<AgentList>('GET', '/agent', { key: team.publishableKey });
    expect(body.agents.at(-1)).toEqual({
      id: made.id,
      ...{ name: 'Ada', type: 'support', description: 'Helps.', accepts: ['text'] },
    });
  });

  test('a new agent answers with its prompt, its model and its temperature', async () => {
    const { id } = await make();
    const chat = await team.makeChat({ agentId: id });
    await team.send(chat.id, 'hello Ada');
    const { body } = await model.callTo('hello Ada');
    expect(body).toMatchObject({ model: 'm2', temperature: 0.5 });
    expect(body.messages[0]).toEqual({ role: 'system', content: settings.systemPrompt });
  });

  test('a repeated request creates one agent, and a repeat with another body is rejected', async () => {
    const send = (body: object) =>
      team.rest<FullAgent>('POST', '/agent', { body, headers: { 'idempotency-key': 'ada' } });
    const [first, again] = [await send(ada), await send(ada)];
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const other = await send({ ...ada, name: 'Grace' });
    expect([other.status, other.apiError.code]).toEqual([422, 'idempotency_key_reused']);
    const both = await Promise.all(
      Array.from({ length: 10 }, () =>
        team.rest<FullAgent>('POST', '/agent', { body: ada, headers: { 'idempotency-key': 'at once' } }),
      ),
    );
    expect(new Set(both.map(({ body }) => body.id)).size).toBe(1);
  });
});

describe('an agent that is updated', () => {
  test('an update of the settings creates a version, and an update of the name alone does not', async () => {
    const { id, createdAt } = await make();
    const renamed = (await put(id, { ...ada, name: 'Lovelace' })).body;
    expect(renamed).toMatchObject({ name: 'Lovelace', version: 1, createdAt });
    const changed = (await put(id, { name: 'Lovelace', type: 'sales', systemPrompt: 'You sell.' })).body;
    expect(changed).toEqual({
      id,
      name: 'Lovelace',
      tools: [],
      type: 'sales',
      systemPrompt: 'You sell.',
      version: 2,
      createdAt,
      updatedAt: expect.stringMatching(/Z$/),
    });
    expect(await versionsOf(id)).toEqual([
      { version: 2, systemPrompt: 'You sell.', tools: [], createdAt: changed.updatedAt },
      { version: 1, ...settings, tools: [], createdAt },
    ]);
  });

  test('an updated agent answers with its new settings at once in this process and within 5 seconds in others', async () => {
    const replica = await startReplica({ hasOwnDatabase: true });
    const { id } = await make();
    const chat = await team.makeChat({ agentId: id });
    await team.send(chat.id, 'before');
    const ask = async (base: string, content: string) => {
      await fetch(`${base}/chat/${chat.id}/message`, {
        method: 'POST',
        headers: { 'x-api-key': team.secretKey, 'content-type': 'application/json' },
        body: JSON.stringify({ content, role: 'user' }),
      });
      return (await model.callTo(content)).body.messages[0]?.content;
    };
    expect(await ask(replica.url, 'there before')).toBe(settings.systemPrompt);
    await put(id, { ...ada, systemPrompt: 'You are new.' });
    expect(await ask(url, 'here after')).toBe('You are new.');
    let count = 0;
    await expect
      .poll(() => ask(replica.url, `there after ${count++}`), { timeout: 10_000 })
      .toBe('You are new.');
    expect(limits.cacheMs).toBeLessThan(5_000);
  });

  test('an update based on an older version is rejected, and one of many concurrent updates wins each version', async () => {
    const { id } = await make();
    await put(id, { ...ada, temperature: 1 });
    const late = await put(id, { ...ada, temperature: 2, expectedVersion: 1 });
    expect([late.status, late.apiError.code]).toEqual([409, 'agent_changed']);
    expect((await put(id, { ...ada, temperature: 2, expectedVersion: 2 })).body.version).toBe(3);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => put(id, { ...ada, model: `m${index}`, expectedVersion: 3 })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    await Promise.all(
      Array.from({ length: 5 }, (_, index) => put(id, { ...ada, systemPrompt: `p${index}` })),
    );
    const versions = await versionsOf(id);
    expect(versions.map(({ version }) => version)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  test('an agent keeps its newest versions and removes the oldest', async () => {
    const { id } = await make();
    for (let index = 0; index < limits.agentVersionsMax + 2; index++) {
      await put(id, { ...ada, systemPrompt: `prompt ${index}` });
    }
    const versions = await versionsOf(id);
    expect(versions).toHaveLength(limits.agentVersionsMax);
    expect(versions[0]?.version).toBe(limits.agentVersionsMax + 3);
    const missing = await put(id, { version: 1 }, '/rollback');
    expect([missing.status, missing.apiError.code]).toEqual([404, 'agent_version_not_found']);
  });
});

test('a rollback creates a new version with the old settings and keeps the present name', async () => {
  const { id } = await make();
  await put(id, { name: 'Lovelace', type: 'sales', systemPrompt: 'You sell.' });
  const { body } = await put(id, { version: 1 }, '/rollback');
  expect(body).toMatchObject({ name: 'Lovelace', type: 'sales', ...settings, version: 3 });
  expect(body).not.toHaveProperty('description');
  const never = await put(id, { version: 7 }, '/rollback');
  expect([never.status, never.apiError.code]).toEqual([404, 'agent_version_not_found']);
});

test('a deleted agent is not found, and its chats can be read but not answered', async () => {
  const { id } = await make();
  const chat = await team.makeChat({ agentId: id });
  await team.send(chat.id, 'hello');
  expect((await team.rest('DELETE', `/agent/${id}`)).status).toBe(204);
  for (const path of ['', '/version']) {
    expect((await team.rest('GET', `/agent/${id}${path}`)).status).toBe(404);
  }
  expect((await team.rest('DELETE', `/agent/${id}`)).status).toBe(404);
  const { body } = await team.rest<{ messages: unknown[] }>('GET', `/chat/${chat.id}`);
  expect(body.messages).toHaveLength(2);
  const { apiError } = await team.send(chat.id, 'anyone?');
  expect(apiError.code).toBe('agent_not_found');
  const again = await team.rest('POST', '/chat', { body: { agentId: id } });
  expect([again.status, again.apiError.code]).toEqual([404, 'agent_not_found']);
});

describe('POST /agent with invalid input', () => {
  test.each([
    ['no name', { type: 'support' }, 'name'],
    ['a prompt of 32,001 characters', { ...ada, systemPrompt: 'x'.repeat(32_001) }, 'systemPrompt'],
    ['a temperature of 3', { ...ada, temperature: 3 }, 'temperature'],
    ['a string as temperature', { ...ada, temperature: '1' }, 'temperature'],
    ['an unknown field', { ...ada, version: 7 }, 'version'],
    ['a team', { ...ada, teamId: 'team_x' }, 'teamId'],
  ])('creating an agent with %s is rejected and writes nothing', async (_, body, path) => {
    const { status, apiError } = await team.rest('POST', '/agent', { body });
    expect([status, apiError.code, apiError.issues?.[0]?.path]).toEqual([400, 'invalid_input', path]);
  });

  test('creating an agent with a prompt of 10 MB is rejected and writes nothing', async () => {
    const { status, apiError } = await team.rest('POST', '/agent', {
      body: { ...ada, systemPrompt: 'x'.repeat(10 * 1024 * 1024) },
    });
    expect([status, apiError.code]).toEqual([413, 'payload_too_large']);
  });
});

test('a key limited to one agent cannot access another one or its versions', async () => {
  const [own, other] = [await make(), await make()];
  const { key } = (await team.rest<NewKey>('POST', '/key', { body: { kind: 'secret', agentIds: [own.id] } }))
    .body;
  const ask = (method: string, path: string, body?: object) => team.rest(method, path, { key, body });
  expect((await ask('GET', `/agent/${own.id}`)).status).toBe(200);
  for (const [method, path, body] of [
    ['GET', '', undefined],
    ['GET', '/version', undefined],
    ['PUT', '', ada],
    ['PUT', '/rollback', { version: 1 }],
    ['DELETE', '', undefined],
  ] as const) {
    const { status, apiError } = await ask(method, `/agent/${other.id}${path}`, body);
    expect([status, apiError.code]).toEqual([404, 'agent_not_found']);
  }
  const { body } = await team.rest<AgentList>('GET', '/agent', { key });
  expect(body.agents.map(({ id }) => id)).toEqual([own.id]);
  const made = await ask('POST', '/agent', ada);
  expect([made.status, made.apiError.code]).toEqual([403, 'key_beyond_yours']);
});
