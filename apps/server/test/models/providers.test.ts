import { scripts, startScriptedModel } from '@parley/agent/testing';
import type { FullAgent, UsageList } from '@parley/contract';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createMetrics } from '../../src/metrics.ts';
import { startHarness } from '../harness.ts';

/* Agents whose models are at providers of the operator's configuration, and answers when one of them fails. */

const [backup, third] = await Promise.all([startScriptedModel(), startScriptedModel()]);
afterAll(() => Promise.all([backup.stop(), third.stop()]));
const metrics = createMetrics();
const { makeTeam, model, log, rest } = await startHarness({
  providers: new Map([
    ['backup', { baseUrl: backup.baseUrl, apiKey: 'sk-canary-backup' }],
    ['third', { baseUrl: third.baseUrl, apiKey: 'sk-canary-third', api: 'responses' }],
  ]),
  defaultModels: [
    { provider: 'default', model: 'm1' },
    { provider: 'backup', model: 'm2' },
  ],
  metrics,
});
beforeEach(() => {
  for (const server of [model, backup, third]) server.replyAlways(scripts.echo());
});
const team = await makeTeam();
const models = [
  { provider: 'backup', model: 'm2' },
  { provider: 'third', model: 'm3' },
];
const agentBody = (more: object = {}) => ({ name: 'Ada', type: 'support', models, ...more });
const make = (more?: object) => team.rest<FullAgent>('POST', '/agent', { body: agentBody(more) });
const chatOf = async (more?: object) => team.makeChat({ agentId: (await make(more)).body.id });

describe('the models of an agent', () => {
  test('secret keys read the models of an agent by name, with versions and rollbacks', async () => {
    const made = await make();
    expect([made.status, made.body.models]).toEqual([200, models]);
    const path = `/agent/${made.body.id}`;
    const put = await team.rest<FullAgent>('PUT', path, {
      body: agentBody({ models: undefined, model: 'm9' }),
    });
    expect([put.body.version, put.body.model, put.body.models]).toEqual([2, 'm9', undefined]);
    const versions = await team.rest<{ versions: object[] }>('GET', `${path}/version`);
    expect(versions.body.versions).toMatchObject([
      { version: 2, model: 'm9' },
      { version: 1, models },
    ]);
    const rolled = await team.rest<FullAgent>('PUT', `${path}/rollback`, { body: { version: 1 } });
    expect([rolled.body.models, rolled.body.model]).toEqual([models, undefined]);
    expect(JSON.stringify([made.body, versions.body])).not.toMatch(/canary|127\.0\.0\.1/);
  });

  test.each<[string, object, string]>([
    [
      'name a provider that is not configured',
      { models: [{ provider: 'nobody', model: 'm' }] },
      'models.0.provider',
    ],
    ['hold an address', { models: [{ ...models[0], baseUrl: 'http://127.0.0.1' }] }, 'models.0.baseUrl'],
    ['hold a key', { models: [{ ...models[0], apiKey: 'sk-x' }] }, 'models.0.apiKey'],
    [
      'are more than three',
      { models: ['a', 'b', 'c', 'd'].map((name) => ({ provider: 'backup', model: name })) },
      'models',
    ],
    ['are none', { models: [] }, 'models'],
    ['name one twice', { models: [models[0], models[0]] }, 'models'],
    ['are given beside `model`', { model: 'm' }, 'models'],
  ])('models that %s return 400 and nothing is stored', async (_, more, path) => {
    const before = await team.rest<{ agents: object[] }>('GET', '/agent');
    const { status, apiError } = await make(more);
    expect([status, apiError.code, apiError.issues?.[0]?.path]).toEqual([400, 'invalid_input', path]);
    const { body } = await make();
    const put = await team.rest('PUT', `/agent/${body.id}`, { body: agentBody(more) });
    expect(put.status).toBe(400);
    await team.rest('DELETE', `/agent/${body.id}`);
    expect((await team.rest<{ agents: object[] }>('GET', '/agent')).body.agents).toEqual(before.body.agents);
  });
});

describe('an answer of an agent with a list of models', () => {
  test('the first model of the list answers, at its provider and with its key', async () => {
    const chat = await chatOf();
    expect((await team.send(chat.id, 'to the first')).body.content).toBe('You said: to the first');
    const call = await backup.callTo('to the first');
    expect([call.body.model, call.headers.authorization]).toEqual(['m2', 'Bearer sk-canary-backup']);
    expect(third.calls()).toHaveLength(0);
  });

  test('the next model answers when one fails, and each has its own usage, log lines and metrics', async () => {
    backup.replyAlways(scripts.status(500, { message: 'out of order' }));
    const chat = await chatOf();
    const { body, status } = await team.send(chat.id, 'falls back');
    expect([status, body.content]).toEqual([200, 'You said: falls back']);
    expect((await third.callTo('falls back')).path).toBe('/v1/responses');
    expect(await log.find(({ msg }) => msg.startsWith('a model could not answer'))).toMatchObject({
      ...{ level: 'warn', code: 'model_failed', provider: 'backup', model: 'm2', status: 500 },
      ...{ nextProvider: 'third', nextModel: 'm3' },
    });
    const rowsOf = async () => {
      const usage = await team.rest<UsageList>('GET', '/usage', { query: { groupBy: 'model' } });
      return Object.fromEntries(usage.body.usage.map(({ model: name = '', ...sums }) => [name, sums]));
    };
    await expect.poll(rowsOf).toMatchObject({
      'third/m3': { turns: 1, calls: 1, inputTokens: 1, outputTokens: 1 },
    });
    expect(await rowsOf()).toMatchObject({ 'backup/m2': { calls: 2, turns: 1 } });
    const text = await metrics.text();
    expect(text).toContain('parley_model_calls_total{provider="backup",result="model_failed"} 1');
    expect(text).toContain('parley_model_calls_total{provider="third",result="answered"} 1');
    expect(text).toContain('parley_model_circuits{provider="backup",state="open"} 0');
  });

  test("an agent without models uses the server's list and falls back within it", async () => {
    model.replyAlways(scripts.status(401));
    const { id } = await team.makeChat();
    expect((await team.send(id, 'by default')).body.content).toBe('You said: by default');
    expect((await backup.callTo('by default')).body.model).toBe('m2');
    const line = await log.find(({ msg, status }) => msg.startsWith('a model could not') && status === 401);
    expect(line).toMatchObject({
      ...{ level: 'error', code: 'model_key_refused', model: 'm1' },
      ...{ nextProvider: 'backup', nextModel: 'm2' },
    });
    const ready = await rest<{ notices: { code: string }[] }>('GET', '/readyz');
    expect(ready.body.notices).toMatchObject([{ code: 'model_key_refused' }]);
    model.replyAlways(scripts.echo());
    await team.send(id, 'again');
  });

  test('an answer fails with the code of the last model when all fail', async () => {
    backup.replyAlways(scripts.status(500));
    third.replyAlways(scripts.status(401));
    const chat = await chatOf();
    const { status, apiError } = await team.send(chat.id, 'all fail');
    expect([status, apiError.code]).toEqual([502, 'model_key_refused']);
  });

  test('a provider that is not configured any more is left out', async () => {
    const [agent] = [await team.makeAgent({ models: [{ provider: 'unknown', model: 'm' }, ...models] })];
    const chat = await team.makeChat({ agentId: agent?.id ?? '' });
    expect((await team.send(chat.id, 'without it')).status).toBe(200);
    const only = await team.makeAgent({ models: [{ provider: 'unknown', model: 'm' }] });
    const other = await team.makeChat({ agentId: only.id });
    expect((await team.send(other.id, 'nobody left')).apiError.code).toBe('model_not_configured');
  });
});

describe('the content of responses', () => {
  const hosts = [model, backup, third].map(({ baseUrl }) => new URL(baseUrl).host);

  /** The agent's chat with a completed and a failed answer, and the agent. */
  async function answered() {
    const agent = (await make()).body;
    const chat = await team.makeChat({ agentId: agent.id });
    const completed = await team.send(chat.id, 'is answered');
    for (const server of [backup, third]) server.replyAlways(scripts.status(401));
    const failed = await team.send(chat.id, 'is not answered');
    expect([completed.status, failed.status]).toEqual([200, 502]);
    return { agent, chat, sent: [completed, failed] };
  }

  test('responses about chats and messages name no providers and no models', async () => {
    const { chat, sent } = await answered();
    const paths = ['/agent', '/chat', `/chat/${chat.id}`, `/chat/${chat.id}/message`];
    const read = await Promise.all(paths.map((path) => team.rest('GET', path)));
    for (const { status } of read) expect(status).toBe(200);
    expect(read[3]?.text).toContain('is not answered');
    for (const { text } of [...sent, ...read])
      expect(text).not.toMatch(/"(backup|third|m2|m3)|backup\/|third\//);
  });

  test('no response has the address or the key of a provider, and no log line or metric has its key', async () => {
    const { agent, chat, sent } = await answered();
    const paths = [
      ...['/agent', `/agent/${agent.id}`, `/agent/${agent.id}/version`],
      ...['/chat', `/chat/${chat.id}`, `/chat/${chat.id}/message`],
      ...['/usage?groupBy=model', '/audit', '/team', '/readyz'],
    ];
    const read = await Promise.all(paths.map((path) => team.rest('GET', path)));
    expect(read.map(({ status }) => status)).toEqual(paths.map(() => 200));
    // The providers' names are part of an agent, for secret keys.
    expect(read[1]?.text).toContain('"backup"');
    const rejected = await make({ models: [{ provider: 'nobody', model: 'm' }] });
    const texts = [...sent, ...read, rejected].map(({ text }) => text);
    for (const text of [...texts, log.text, await metrics.text()]) {
      expect(text).not.toContain('sk-canary');
    }
    for (const text of texts) for (const host of hosts) expect(text).not.toContain(host);
  });
});
