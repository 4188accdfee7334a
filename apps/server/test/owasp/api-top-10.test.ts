import { scripts } from '@parley/agent/testing';
import { type Chat, limits, type NewKey } from '@parley/contract';
import { mintApiKey } from '@parley/db';
import { casesOfForm, longTest } from '@parley/embedded/testing/form';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { callerOf, headersFor, operations } from '../support/operations.ts';
import { ask, transports } from '../support/transports.ts';
import { trpcBatch } from '../support/trpc-batch.ts';
import { unchanged } from '../support/unchanged.ts';

/*
 * The OWASP API Security Top 10 (2023), with a test for each entry. Comments name the files that test an entry more
 * thoroughly.
 */

const { makeTeam, rest, url, mongo, model } = await startHarness();
const team = await makeTeam({ systemPrompt: 'canary-prompt' });
const other = await makeTeam();

/** apps/server/test/authorization tests every procedure. */
describe('API1 broken object level authorization', () => {
  test('chats of another user, of another team and unknown chats return the same error', async () => {
    const key = await team.guestKey();
    const { token } = await team.makeGuest();
    const chats = [
      (await team.makeChat({ userId: 'user_2' })).id,
      (await other.makeChat()).id,
      `chat_${'0'.repeat(28)}`,
    ];
    const answers = await Promise.all(
      chats.map((id) => rest('GET', `/chat/${id}`, { key, headers: { 'x-user-token': token } })),
    );
    const said = answers.map(({ status, apiError }) => ({ status, ...apiError, requestId: '' }));
    expect(said[0]).toMatchObject({ status: 404, code: 'chat_not_found' });
    for (const one of said) expect(one).toEqual(said[0]);
  });
});

/** common-errors.test.ts has every way a key can be wrong, users/user-token.test.ts every token. */
describe('API2 broken authentication', () => {
  test('a key is only accepted by its text, not by its hash, id or visible start', async () => {
    const [document] = await mongo.raw.collection('keys').find({ team: team.id, kind: 'secret' }).toArray();
    for (const key of [document?.['hash'], document?.['_id'], document?.['visibleStart'], '']) {
      const { status, apiError } = await rest('GET', '/chat', { key: String(key) });
      expect([status, apiError.code]).toEqual([401, 'unauthorized']);
    }
  });

  test('a key in the address is ignored, because addresses are logged', async () => {
    const query = { 'x-api-key': team.secretKey, api_key: team.secretKey };
    expect((await rest('GET', '/chat', { query })).status).toBe(401);
  });
});

describe('API3 broken object property level authorization', () => {
  const extra = {
    id: 'chat_x',
    teamId: other.id,
    team: other.id,
    createdAt: '2020-01-01T00:00:00.000Z',
    deletedAt: null,
    title: 'mine',
    agent: other.agent.id,
    constructor: {},
  };
  test.each(Object.entries(extra))('a new chat rejects the field %s', async (field, value) => {
    const body = { agentId: team.agent.id, [field]: value };
    const answer = await unchanged(mongo.raw, () => team.rest('POST', '/chat', { body }));
    expect([answer.status, answer.apiError.code]).toEqual([400, 'invalid_input']);
  });

  test('a chat’s user, agent and team cannot be changed', async () => {
    const chat = await team.makeChat({ userId: 'ada' });
    for (const field of ['userId', 'agentId', 'teamId']) {
      const answer = await team.rest('PATCH', `/chat/${chat.id}`, { body: { [field]: 'x' } });
      expect(answer.status).toBe(400);
    }
    expect((await team.rest<Chat>('GET', `/chat/${chat.id}`)).body).toMatchObject({ userId: 'ada' });
  });

  test.each(['system', 'assistant', 'tool', 'developer'])(
    'a message with the role %s is rejected',
    async (role) => {
      const chat = await team.makeChat();
      const answer = await team.rest('POST', `/chat/${chat.id}/message`, { body: { content: 'x', role } });
      expect([answer.status, answer.apiError.issues?.[0]?.path]).toEqual([400, 'role']);
    },
  );
});

/** rate-limit/*, create-message/409 and budgets test that every limit has a code. */
describe('API4 unrestricted resource consumption', () => {
  test.each([
    ['a message', { content: 'x'.repeat(limits.messageLengthMax + 1), role: 'user' }, 400],
    ['a body', { content: 'x'.repeat(limits.bodyBytesMax), role: 'user' }, 413],
  ])('%s that is too long is rejected', async (_, body, status) => {
    const chat = await team.makeChat();
    const answer = await unchanged(mongo.raw, () => team.rest('POST', `/chat/${chat.id}/message`, { body }));
    expect(answer.status).toBe(status);
  });

  test('a page of a million and a batch of a hundred are rejected', async () => {
    expect((await team.rest('GET', '/chat?limit=1000000')).status).toBe(400);
    const calls = Array.from({ length: 100 }, () => 'agent.list');
    const response = await fetch(`${url}/trpc/${calls.join(',')}?batch=1&input={}`, {
      headers: { 'x-api-key': team.secretKey },
    });
    expect(response.status).toBe(400);
    const few = await trpcBatch(url, ['agent.list'], [{}], { 'x-api-key': team.secretKey });
    expect(few.map(({ status }) => status)).toEqual([200]);
  });

  test('metadata with a thousand levels is rejected', async () => {
    let metadata: object = {};
    for (let depth = 0; depth < 1_000; depth++) metadata = { metadata };
    const { status, apiError } = await team.rest('POST', '/chat', {
      body: { agentId: team.agent.id, metadata },
    });
    expect([status, apiError.code]).toEqual([413, 'payload_too_complex']);
  });
});

describe('API5 broken function level authorization', () => {
  const administration = Object.keys(operations).filter((name) => callerOf(name) === 'secret');
  test('the table has procedures for administration', () => {
    expect(administration.length).toBeGreaterThan(10);
  });

  test.each(
    casesOfForm(
      administration.flatMap((name) => transports.map((transport) => ({ name, transport }))),
      5,
    ),
  )('$name over $transport rejects publishable keys, users and guests', async ({ name, transport }) => {
    const input = (await operations[name]?.validInput(team)) ?? {};
    const guestKey = await team.guestKey();
    for (const headers of [
      { 'x-api-key': team.publishableKey },
      { 'x-api-key': guestKey },
      { 'x-api-key': guestKey, 'x-user-token': (await team.makeGuest()).token },
      { 'x-api-key': guestKey, 'x-user-token': await team.userToken() },
    ]) {
      const { status, apiError } = await ask(transport, name, input, { url, headers });
      expect([status, apiError?.code]).toEqual([403, 'secret_key_needed']);
    }
    expect(
      (await ask(transport, name, input, { url, headers: await headersFor(team, name) })).status,
    ).toBeLessThan(300);
  });
});

/** rate-limit/users-and-addresses.test.ts tests the guests a minute of an address. */
longTest(
  'API6 unrestricted access to sensitive business flows: a user cannot fill a chat’s queue for others',
  async () => {
    const chat = await team.makeChat();
    const send = (content: string) =>
      team.rest('POST', `/chat/${chat.id}/message`, { body: { content, role: 'user', wait: false } });
    const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => send(`flood ${index}`)));
    const codes = new Set(answers.map(({ status, apiError }) => (status === 200 ? 'taken' : apiError.code)));
    expect([...codes].every((code) => code === 'taken' || code === 'queue_full')).toBe(true);
    const elsewhere = await team.makeChat();
    expect((await team.send(elsewhere.id, 'not held up')).status).toBe(200);
  },
);

describe('API8 security misconfiguration', () => {
  test('responses name no software, forbid sniffing and set no cookies', async () => {
    for (const path of ['/chat', '/nowhere', '/healthz', '/openapi.json']) {
      const { headers } = await rest('GET', path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      for (const name of ['x-powered-by', 'server', 'set-cookie', 'access-control-allow-credentials']) {
        expect(headers.get(name)).toBeNull();
      }
    }
  });

  test('an invalid body returns no internals', async () => {
    const { text } = await rest('POST', '/chat', {
      key: team.secretKey,
      rawBody: '{"agentId": ',
      headers: { 'content-type': 'application/json' },
    });
    expect(text).not.toMatch(/at .*\.ts|node_modules|SyntaxError|Mongo/);
  });

  test.each(['TRACE', 'CONNECT', 'TRACK'])('the method %s is rejected', async (method) => {
    const response = await fetch(`${url}/chat`, { method }).catch(() => undefined);
    expect(response?.status ?? 405).not.toBe(200);
  });
});

/** document.test.ts compares the routes with the document, and authorization/matrix.test.ts has every procedure. */
test('API9 improper inventory management: undocumented routes do not exist', async () => {
  for (const path of ['/admin', '/debug', '/metrics', '/graphql', '/.env', '/v1/chat', '/api/chat']) {
    const { status } = await rest('GET', path, { key: team.secretKey });
    expect(status).toBe(404);
  }
});

/** create-message/model-faults.test.ts has a faulty model, and tools/* has faulty tools. */
describe('API10 unsafe consumption of APIs', () => {
  test('fields of the model’s server beside its text are not returned', async () => {
    model.replyTo('strange server', (call) => {
      call.chunk({
        id: 'x',
        canary: 'canary-field',
        choices: [{ index: 0, delta: { content: 'fine', canary: 1 } }],
      });
      call.finish();
      call.end();
    });
    const chat = await team.makeChat();
    const { body, text } = await team.send(chat.id, 'strange server');
    expect(body.content).toBe('fine');
    expect(text).not.toContain('canary');
  });

  test('an error of the model’s server is returned as its code only', async () => {
    model.replyTo('angry server', scripts.status(400, { message: 'canary-of-the-model' }));
    const chat = await team.makeChat();
    const { apiError, text } = await team.send(chat.id, 'angry server');
    expect(apiError.code).toBe('model_refused');
    expect(text).not.toContain('canary');
  });
});

test('a well-formed key that was never issued is rejected', async () => {
  const { key } = (await team.rest<NewKey>('POST', '/key', { body: { kind: 'secret' } })).body;
  expect((await rest('GET', '/chat', { key: mintApiKey('secret') })).status).toBe(401);
  expect((await rest('GET', '/chat', { key })).status).toBe(200);
});
