import { scripts } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { startHarness } from './harness.ts';

const { rest, url, makeTeam, model, log } = await startHarness();

test.each([
  ['/healthz', { status: 'ok' }],
  [
    '/readyz',
    {
      status: 'ready',
      database: {
        ...{ mode: 'replica set', members: 1 },
        ...{ schemaVersion: expect.any(Number), missingIndexes: 0, indexBuilds: [] },
      },
    },
  ],
])('%s answers without a key', async (path, body) => {
  const answer = await rest('GET', path);
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual(body);
});

test('/readyz says that the model cannot be used, stays 200, and recovers after an answer', async () => {
  const team = await makeTeam();
  const { id } = await team.makeChat();
  model.reply(scripts.status(401));
  expect((await team.send(id, 'with a wrong key')).apiError.code).toBe('model_key_refused');
  const response = await rest<{ notices: object[] }>('GET', '/readyz');
  expect([response.status, response.body.notices]).toEqual([
    200,
    [{ code: 'model_key_refused', message: expect.stringContaining('OPENAI_API_KEY') }],
  ]);
  expect((await team.send(id, 'with the right one')).status).toBe(200);
  expect((await rest<{ notices?: object[] }>('GET', '/readyz')).body.notices).toBeUndefined();
});

test.each(['/healthz', '/readyz', '/openapi.json'])('%s rejects other methods', async (path) => {
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const answer = await rest(method, path);
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET');
  }
});

test('a path with an escaped dot is not found', async () => {
  for (const path of ['/openapiXjson', '/openapi.jso', '/openapi+json']) {
    const answer = await rest('POST', path);
    expect([path, answer.status, answer.apiError.code]).toEqual([path, 404, 'route_not_found']);
  }
});

test('the reference page comes from this server and loads nothing from another one', async () => {
  const page = await fetch(`${url}/docs/reference/`);
  expect(page.status).toBe(200);
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/https?:|\*/);
  const sources = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(
    ([, source = '']) => source,
  );
  expect(sources.filter((source) => /^(?:https?:)?\/\//.test(source))).toEqual([]);
  for (const source of sources) {
    expect((await fetch(new URL(source, page.url))).status).toBe(200);
  }
});

test('every response forbids sniffing of its type', async () => {
  const team = await makeTeam();
  for (const path of [
    '/healthz',
    '/chat',
    '/nope',
    '/chat/nope',
    '/openapi.json',
    '/trpc/chat.list',
    '/chat/%zz',
  ]) {
    const response = await fetch(`${url}${path}`, { headers: { 'x-api-key': team.secretKey } });
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
    expect(response.headers.get('x-powered-by')).toBeNull();
  }
});

test('each request has its own id, which a client cannot choose', async () => {
  const ids = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const { headers } = await rest('GET', '/healthz', {
        headers: { 'x-request-id': 'mine', 'request-id': 'mine' },
      });
      return headers.get('x-request-id');
    }),
  );
  expect(new Set(ids).size).toBe(20);
  expect(ids).not.toContain('mine');
});

test('each request writes one log line without the values of its path', async () => {
  for (const [path, route, status] of [
    ['/healthz?canary', '/healthz', 200],
    ['/chat/canary', '/chat/:chatId', 401],
    ['/canary', '(unknown)', 404],
    ['/chat/canary%zz', '(unknown)', 400],
  ] as const) {
    const { headers } = await rest('GET', path);
    const line = await log.find(({ requestId }) => requestId === headers.get('x-request-id'));
    expect(line).toMatchObject({ level: 'info', method: 'GET', route, status, ms: expect.any(Number) });
  }
  expect(log.text).not.toContain('canary');
});

test('/readyz shows the progress of index builds', async () => {
  const indexBuilds = [{ collection: 'chats', index: 'team_1__id_-1', percent: 40 }];
  const state = { missingIndexes: 1, indexBuilds };
  const building = await startHarness({
    alter: (database) => ({
      ...database,
      inspect: async () => ({ ...(await database.inspect()), ...state }),
    }),
  });
  const { status, body } = await building.rest('GET', '/readyz');
  expect({ status, body }).toMatchObject({ status: 200, body: { status: 'ready', database: state } });
});

test('a server without a unique index rejects writes and is not ready', async () => {
  const missing = await startHarness({
    alter: (database) => ({ ...database, missingUniqueIndexes: () => ['turns.chat_1_sequence_1'] }),
  });
  const ready = await missing.rest('GET', '/readyz');
  expect({ status: ready.status, body: ready.body }).toMatchObject({
    status: 503,
    body: { code: 'database_preparing', message: expect.stringContaining('turns.chat_1_sequence_1') },
  });
  const team = await missing.makeTeam();
  expect(await team.rest('POST', '/chat', { body: { agentId: team.agent.id } })).toMatchObject({
    ...{ status: 503, body: { code: 'database_preparing' } },
  });
  expect((await team.rest('GET', '/chat')).status).toBe(200);
});
