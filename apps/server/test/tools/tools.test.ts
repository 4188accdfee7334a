import { type ScriptedTool, scripts, startScriptedTool } from '@parley/agent/testing';
import { type AgentVersionList, type Answer, type FullAgent, limits, turnIdOf } from '@parley/contract';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createMetrics } from '../../src/metrics.ts';
import { startHarness } from '../harness.ts';

/* Agents that call tools: a real tool on 127.0.0.1, which is allowed here, and a scripted model that calls it. */

const metrics = createMetrics();
const { makeTeam, model, mongo, log } = await startHarness({
  toolAddresses: { arePrivateAllowed: true },
  metrics,
});
const team = await makeTeam();
let tool: ScriptedTool = await startScriptedTool();
afterAll(() => tool.stop());
beforeEach(async () => {
  await tool.stop();
  tool = await startScriptedTool();
});

/** The secret value of a header, which only the tool may receive. */
const SECRET = 'Bearer canary-7f3a9c';
const RESULT = 'canary-result-51b2';
const weather = (more: object = {}) => ({
  name: 'weather',
  description: 'Tells the weather of a city.',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  url: tool.url,
  headers: { Authorization: SECRET },
  ...more,
});
const shown = (more: object = {}) => weather({ method: 'POST', headers: { authorization: null }, ...more });
const inRome = { name: 'weather', arguments: { city: 'Rome' } };

const make = async (body: object = {}) =>
  (
    await team.rest<FullAgent>('POST', '/agent', {
      body: { name: 'Ada', type: 'support', tools: [weather()], ...body },
    })
  ).body;
const put = (id: string, body: object) =>
  team.rest<FullAgent>('PUT', `/agent/${id}`, { body: { name: 'Ada', type: 'support', ...body } });
const makeChat = async (body?: object) => team.makeChat({ agentId: (await make(body)).id });
/** Returns the results of tools in the newest call of the model. */
const toolResults = () =>
  model
    .calls()
    .at(-1)
    ?.body.messages.filter(({ role }) => role === 'tool')
    .map(({ content }) => content);

describe('an answer of an agent with a tool', () => {
  test('the answer is the model’s text after the tool’s result, and each call has its idempotency key', async () => {
    tool.answer((response) => void response.end(`{"sky":"${RESULT}"}`));
    model.reply(scripts.toolCalls([inRome], 'I look. '), scripts.text('It is blue.'));
    const chat = await makeChat();
    const { status, body } = await team.send(chat.id, 'how is it in Rome?');
    expect([status, body.content]).toEqual([200, 'I look. It is blue.']);
    expect(tool.calls()).toMatchObject([
      {
        method: 'POST',
        body: '{"city":"Rome"}',
        headers: { authorization: SECRET, 'idempotency-key': `${turnIdOf(body.id)}-1-1` },
      },
    ]);
    expect(toolResults()).toEqual([`{"sky":"${RESULT}"}`]);
  });

  test('an answer with tools shows neither inputs nor outputs to any reader, and is stored with its calls and results', async () => {
    tool.answer((response) => void response.end(RESULT));
    model.reply(scripts.toolCalls([inRome], 'I look. '), scripts.text('It is blue.'));
    const chat = await makeChat();
    const stream = await team.stream(chat.id, 'and now?');
    const events = JSON.stringify(await stream.rest());
    expect(events).toContain('It is blue.');
    const { body: found } = await team.rest<{ messages: Answer[] }>('GET', `/chat/${chat.id}`);
    expect(found.messages.map(({ content }) => content)).toEqual(['and now?', 'I look. It is blue.']);
    const { body: listed } = await team.rest('GET', `/chat/${chat.id}/message`);
    for (const text of [events, JSON.stringify(found), JSON.stringify(listed)]) {
      expect(text).not.toMatch(/canary|Rome/);
    }
    const turn = await mongo.raw.collection('turns').findOne({ chat: chat.id });
    const call = { name: 'weather', arguments: '{"city":"Rome"}' };
    expect(turn?.['messages'].at(-1).parts).toMatchObject([
      { kind: 'text', length: 8 },
      { kind: 'tool-call', ...call, show: 'activity' },
      { kind: 'tool-result', name: 'weather', result: RESULT, show: 'activity' },
      { kind: 'text', length: 11 },
    ]);
    expect(turn).not.toHaveProperty('steps');
  });

  test('an answer can call several tools several times and counts as one', async () => {
    model.reply(
      scripts.toolCalls([inRome, { name: 'weather', arguments: { city: 'Oslo' } }]),
      scripts.toolCalls([{ name: 'weather', arguments: { city: 'Bern' } }]),
      scripts.echoResults(),
    );
    const chat = await makeChat();
    const { body } = await team.send(chat.id, 'everywhere?');
    expect(body.content).toBe('Results: {"ok":true} | {"ok":true} | {"ok":true}');
    const keys = tool.calls().map(({ headers }) => headers['idempotency-key']);
    const turn = turnIdOf(body.id);
    expect(keys.toSorted()).toEqual([`${turn}-1-1`, `${turn}-1-2`, `${turn}-2-1`]);
    const stored = await mongo.raw.collection('turns').findOne({ chat: chat.id });
    expect(stored?.['usage']).toMatchObject([{ calls: 3 }]);
  });

  test('a failing tool is reported to the model and the operator, without content, and the answer follows', async () => {
    tool.answer((response) => {
      response.statusCode = 500;
      response.end(`stack trace ${RESULT}`);
    });
    model.reply(scripts.toolCalls([inRome]), scripts.text('I could not find out.'));
    const chat = await makeChat();
    const { status, body } = await team.send(chat.id, 'what if it breaks?');
    expect([status, body.content]).toEqual([200, 'I could not find out.']);
    expect(toolResults()).toHaveLength(1);
    expect(toolResults()?.[0]).not.toMatch(/canary|127\.0\.0\.1/);
    const line = await log.find(({ msg }) => msg === 'a tool gave no result');
    expect(line).toMatchObject({ level: 'warn', turn: turnIdOf(body.id), tool: 'weather', status: 500 });
    expect(await metrics.text()).toMatch(/parley_tool_failures_total\{reason="[a-z_]+"\} 1/);
  });

  test('cancelling an answer ends its tool’s call at once and keeps the shown text', async () => {
    const called = tool.nextCall();
    tool.answer(() => undefined);
    model.reply(scripts.toolCalls([inRome], 'I look. '));
    const chat = await makeChat();
    const sending = team.send(chat.id, 'wait');
    const call = await called;
    const turn = await mongo.raw.collection('turns').findOne({ chat: chat.id });
    // The call is stored before the tool is called.
    expect(turn?.['steps']).toMatchObject([{ text: 'I look. ', calls: [{ name: 'weather' }] }]);
    const cancelled = await team.rest('POST', `/chat/${chat.id}/message/${turn?.['answerId']}/cancel`);
    expect(cancelled.body).toMatchObject({ status: 'stopped', content: 'I look. ' });
    await call.closed;
    await sending;
  });
});

describe('the headers of a tool', () => {
  test('a header’s value is in no response, no version, no log and no metric', async () => {
    const made = await make();
    expect(made.tools).toEqual([shown()]);
    const changed = await put(made.id, { tools: [weather({ description: 'Other.' })] });
    const texts = [
      made,
      changed.body,
      (await team.rest('GET', `/agent/${made.id}`)).body,
      (await team.rest<AgentVersionList>('GET', `/agent/${made.id}/version`)).body,
      (await team.rest('PUT', `/agent/${made.id}/rollback`, { body: { version: 1 } })).body,
      (await team.rest('GET', '/agent')).body,
      (await team.rest('GET', '/audit')).body,
      await team.trpc.agent.get.query({ agentId: made.id }),
      log.text,
      await metrics.text(),
    ].map((answer) => JSON.stringify(answer));
    for (const text of texts) expect(text).not.toContain('canary-7f3a9c');
    expect(texts[0]).toContain('"authorization":null');
  });

  test('a header’s value stays when it is sent back masked, and is not sent to another URL', async () => {
    const made = await make();
    const kept = await put(made.id, { tools: [shown({ description: 'Kept.' })] });
    expect(kept.body.tools).toEqual([shown({ description: 'Kept.' })]);
    model.reply(scripts.toolCalls([inRome]), scripts.echoResults());
    await team.send((await team.makeChat({ agentId: made.id })).id, 'with the key');
    expect(tool.calls()[0]?.headers.authorization).toBe(SECRET);
    for (const tools of [
      [shown({ url: 'https://evil.example/weather' })],
      [shown({ url: `${tool.url}/other` })],
      [shown({ url: `${tool.url}?to=elsewhere` })],
      [shown({ name: 'other' })],
      [shown({ headers: { authorization: null, 'x-other': null } })],
    ]) {
      const { status, apiError } = await put(made.id, { tools });
      expect([status, apiError.code]).toEqual([400, 'invalid_input']);
      expect(apiError.issues?.[0]?.path).toMatch(/^tools\.0\.headers\./);
    }
    const fresh = await team.rest('POST', '/agent', { body: { name: 'B', type: 't', tools: [shown()] } });
    expect([fresh.status, fresh.apiError.code]).toEqual([400, 'invalid_input']);
  });

  test('a header’s value returns with a rollback', async () => {
    const made = await make();
    await put(made.id, { tools: [] });
    await team.rest('PUT', `/agent/${made.id}/rollback`, { body: { version: 1 } });
    model.reply(scripts.toolCalls([inRome]), scripts.echoResults());
    await team.send((await team.makeChat({ agentId: made.id })).id, 'as before');
    expect(tool.calls()[0]?.headers.authorization).toBe(SECRET);
  });
});

describe('invalid tools', () => {
  const cyclic = {
    type: 'object',
    properties: { a: { $ref: '#/$defs/a' } },
    $defs: { a: { $ref: '#/$defs/a' } },
  };
  let deep: object = { type: 'string' };
  for (let level = 0; level < limits.toolSchemaDepthMax; level++) deep = { type: 'array', items: deep };
  test.each([
    ['17 tools', () => Array.from({ length: 17 }, (_, index) => weather({ name: `t${index}` })), 'tools'],
    ['two tools of one name', () => [weather(), weather()], 'tools.1.name'],
    ['a tool name with a blank', () => [weather({ name: 'my tool' })], 'tools.0.name'],
    ['a recursive schema', () => [weather({ parameters: cyclic })], 'tools.0.parameters'],
    ['a schema of an array', () => [weather({ parameters: { type: 'array' } })], 'tools.0.parameters'],
    [
      'a schema with too many levels',
      () => [weather({ parameters: { type: 'object', properties: { deep } } })],
      'tools.0.parameters',
    ],
    ['an address with a password', () => [weather({ url: 'https://a:b@example.com' })], 'tools.0.url'],
    ['the URL of a file', () => [weather({ url: 'file:///etc/passwd' })], 'tools.0.url'],
    ['a reserved header', () => [weather({ headers: { 'Idempotency-Key': 'x' } })], 'tools.0.headers'],
    ['a header of two lines', () => [weather({ headers: { 'x-a': 'a\r\nx-b: c' } })], 'tools.0.headers'],
    ['the field `method`', () => [weather({ method: 'GET' })], 'tools.0.method'],
    ['an unknown field', () => [weather({ retries: 3 })], 'tools.0.retries'],
    ['a timeout above a minute', () => [weather({ timeoutMs: 60_001 })], 'tools.0.timeoutMs'],
  ])('an agent with %s is rejected and writes nothing', async (_, tools, path) => {
    const before = await mongo.raw.collection('agents').countDocuments();
    const { status, apiError } = await team.rest('POST', '/agent', {
      body: { name: 'Ada', type: 'support', tools: tools() },
    });
    expect([status, apiError.code]).toEqual([400, 'invalid_input']);
    expect(apiError.issues?.map((issue) => issue.path)).toContain(path);
    expect(await mongo.raw.collection('agents').countDocuments()).toBe(before);
  });
});
