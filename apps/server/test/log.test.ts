import { scripts } from '@parley/agent/testing';
import { turnIdOf } from '@parley/contract';
import { mintApiKey } from '@parley/db';
import { describe, expect, test } from 'vitest';
import { userHash } from '../src/attribute-request.ts';
import { startHarness } from './harness.ts';
import { trpcClient } from './support/client.ts';
import { startDatabaseProxy } from './support/database-proxy.ts';
import { followChat } from './support/follow-chat.ts';
import { answerOf, isPart } from './support/ui-message-stream.ts';

/*
 * The log of a whole run at the lowest level, with failures of model and database, contains no credential and no text
 * of a person or a model.
 */

const CANARIES = {
  prompt: 'canary-system-prompt',
  question: 'canary-question in a message',
  answer: 'canary-answer of the model',
  user: 'canary-user',
  metadata: 'canary-metadata',
  modelError: 'canary-of-the-models-error',
  path: 'canary-path',
  query: 'canary-query',
  body: 'canary-body',
  header: 'canary-header',
  cursor: 'canary-cursor',
  idempotencyKey: 'canary-idempotency-key',
  modelKey: 'sk-canary-model-key',
};

const proxy = await startDatabaseProxy();
const { makeTeam, model, log, url, rest } = await startHarness({
  addressOf: proxy.addressOf,
  bounds: { leaseMs: 1_500, sendWaitMaxMs: 15_000 },
  endpoint: () => ({ baseUrl: model.baseUrl, apiKey: CANARIES.modelKey, model: 'm1' }),
});

test('a model that needs an operator is logged as an error with the reason', async () => {
  const team = await makeTeam();
  const chat = await team.makeChat();
  const message = 'The model `m1` does not exist';
  model.reply(scripts.status(404, { message, headers: { 'x-request-id': 'req-7' } }));
  const { apiError } = await team.send(chat.id, 'hello');
  expect(apiError.code).toBe('model_not_found');
  const line = await log.find((one) => one.msg === 'turn failed' && one['chat'] === chat.id);
  expect(line).toMatchObject({
    level: 'error',
    ...{ code: 'model_not_found', status: 404, providerCode: 'e404', providerMessage: message },
    ...{ providerRequestId: 'req-7', model: 'm1', calls: 1, attempt: 1 },
    ...{ team: team.id, agent: team.agent.id, turn: turnIdOf(apiError.messageId ?? '') },
  });
  const request = await log.find(({ requestId }) => requestId === apiError.requestId);
  expect(request).toMatchObject({ level: 'warn', msg: 'request', status: 502, turn: line['turn'] });
});

test('a transient failure of the model is logged as a warning with the reason', async () => {
  const team = await makeTeam();
  const chat = await team.makeChat();
  model.reply(scripts.cutAfter('half'));
  await team.send(chat.id, 'hello');
  const line = await log.find((one) => one.msg === 'turn failed' && one['chat'] === chat.id);
  expect(line).toMatchObject({ level: 'warn', code: 'model_failed' });
  expect(line['reason']).toBe('the connection broke within the answer');
});

test('the log has no key, message, prompt or other text of a caller', async () => {
  const team = await makeTeam({ systemPrompt: CANARIES.prompt });
  const chat = await team.makeChat({ userId: CANARIES.user, metadata: { note: CANARIES.metadata } });
  model.replyAlways(scripts.text([CANARIES.answer]));
  await succeed(team, chat.id);
  await stream(team, chat.id);
  await failTheModel(team, chat.id);
  await sendNonsense(team, chat.id);
  await loseTheDatabase(team, chat.id);

  // The run did what it was meant to do.
  const codes = new Set(log.all().map(({ code }) => code));
  for (const code of [
    'model_refused',
    'model_failed',
    'invalid_input',
    'malformed_request',
    'unauthorized',
    'database_unavailable',
  ]) {
    expect(codes).toContain(code);
  }
  expect(log.all(({ level }) => level === 'warn').length).toBeGreaterThan(0);

  for (const canary of Object.values(CANARIES)) expect(log.text).not.toContain(canary);
  expect(log.text).not.toMatch(/canary/i);
  expect(log.text).not.toMatch(/[sp]k_live_\w/);
  expect(log.text).not.toContain(team.secretKey.slice(8));
});

test('a request line names the team, the key, a hash of the user, and the address', async () => {
  const team = await makeTeam();
  const user = 'ann@example.com';
  await rest('GET', '/chat', {
    key: await team.verifiedKey(),
    headers: { 'x-user-token': await team.userToken(user) },
  });
  const ofUser = await log.find((line) => line['team'] === team.id && line['user'] !== undefined);
  expect(ofUser).toMatchObject({
    ...{ route: '/chat', status: 200, address: '127.0.0.1', user: userHash(team.id, user) },
    key: expect.stringMatching(/^key_/),
  });
  const headers = { 'x-api-key': await team.verifiedKey(), 'x-user-token': await team.userToken(user) };
  expect((await fetch(`${url}/trpc/chat.list?input=%7B%7D`, { headers })).status).toBe(200);
  const overTrpc = await log.find(
    ({ team: ofTeam, route }) => ofTeam === team.id && String(route).startsWith('/trpc'),
  );
  expect(overTrpc).toMatchObject({
    ...{ status: 200, address: '127.0.0.1', user: userHash(team.id, user) },
    key: expect.stringMatching(/^key_/),
  });
  await rest('GET', '/agent', { key: 'sk_live_unknown' });
  const unknown = await log.find(({ route, status }) => route === '/agent' && status === 401);
  expect(unknown).toMatchObject({ address: '127.0.0.1', code: 'unauthorized' });
  expect(unknown).not.toHaveProperty('team');
  expect(log.text).not.toContain(user);
});

describe('request lines of rejected requests', () => {
  test('the line of a request with 429 names the team, the key and the user', async () => {
    const limited = await startHarness({ rateLimits: { user: 1 } });
    const team = await limited.makeTeam();
    const guest = await team.makeGuest();
    const request = { key: await team.guestKey(), headers: { 'x-user-token': guest.token } };
    await limited.rest('GET', '/agent', request);
    await limited.rest('GET', '/agent', request);
    const line = await limited.log.find(({ status }) => status === 429);
    expect(line).toMatchObject({
      ...{ code: 'rate_limited', team: team.id, key: expect.stringMatching(/^key_/) },
      user: userHash(team.id, guest.userId),
    });
  });

  test.each([
    ['key_scope_missing', 'GET', '/usage', { scopes: ['chats:read'] }],
    ['unrestricted_key_needed', 'POST', '/signing-secret', { scopes: ['keys:write'] }],
  ])('the line of a request with 403 %s names the team and the key', async (code, method, path, limits) => {
    const team = await makeTeam();
    const { body } = await team.rest<{ id: string; key: string }>('POST', '/key', {
      body: { kind: 'secret', ...limits },
    });
    expect((await rest(method, path, { key: body.key })).apiError.code).toBe(code);
    const line = await log.find((one) => one['team'] === team.id && one['code'] === code);
    expect(line).toMatchObject({ status: 403, key: body.id });
  });

  test('the line of a request with 401 for an invalid user token names the key', async () => {
    const team = await makeTeam();
    const headers = { 'x-user-token': 'gt_of_nobody' };
    await rest('GET', '/chat', { key: await team.guestKey(), headers });
    const line = await log.find((one) => one['team'] === team.id && one['code'] === 'user_token_invalid');
    expect(line).toMatchObject({ key: expect.stringMatching(/^key_/) });
    expect(line).not.toHaveProperty('user');
  });

  test('the line of a request of a blocked user names the user', async () => {
    const team = await makeTeam();
    await team.rest('PUT', '/user/ben/block');
    const headers = { 'x-user-token': await team.userToken('ben') };
    const key = await team.verifiedKey();
    await expect
      .poll(async () => (await rest('GET', '/chat', { key, headers })).apiError?.code)
      .toBe('user_blocked');
    const line = await log.find((one) => one['team'] === team.id && one['code'] === 'user_blocked');
    expect(line).toMatchObject({ status: 403, user: userHash(team.id, 'ben') });
  });
});

type Team = Awaited<ReturnType<typeof makeTeam>>;

async function succeed(team: Team, chatId: string): Promise<void> {
  expect((await team.send(chatId, CANARIES.question)).body.content).toBe(CANARIES.answer);
  await team.trpc.message.create.mutate({ chatId, content: CANARIES.question, role: 'user' });
  await team.rest('GET', `/chat/${chatId}`);
  await team.rest('GET', '/chat', { query: { userId: CANARIES.user } });
  await team.rest('GET', '/agent', { headers: { authorization: `Bearer ${team.publishableKey}` } });
}

/** Reads streams to their end, disconnects within them, stops and retries. */
async function stream(team: Team, chatId: string): Promise<void> {
  const headers = { 'idempotency-key': CANARIES.idempotencyKey };
  const events = await (await team.stream(chatId, CANARIES.question, { headers })).rest();
  const answer = answerOf(events);
  await (await team.stream(chatId, CANARIES.question, { headers })).rest();
  await (await team.resume(answer, { after: CANARIES.cursor })).rest();
  const tab = await followChat('rest', url, team.secretKey, { chatId, lastEventId: CANARIES.cursor });
  await tab.next();
  model.reply(scripts.neverEnding(CANARIES.answer));
  const stopped = await team.stream(chatId, CANARIES.question);
  const stoppedAnswer = answerOf(await stopped.until(isPart('text-delta')));
  stopped.close();
  await log.find(({ msg }) => msg === 'client disconnected');
  await team.trpc.message.cancel.mutate(stoppedAnswer);
  model.reply(scripts.cutAfter(CANARIES.answer));
  const failed = answerOf(await (await team.stream(chatId, CANARIES.question)).rest());
  await team.rest('POST', `/chat/${chatId}/message/${failed.messageId}/retry`, { headers });
  await team.rest('POST', `/chat/${chatId}/message/${failed.messageId}/retry`);
  await tab.until('answer-ended', 3);
  tab.close();
}

/** Each of these model errors quotes the request and the key. */
async function failTheModel(team: Team, chatId: string): Promise<void> {
  const message = `${CANARIES.modelError}: ${CANARIES.question} with ${CANARIES.modelKey}`;
  const headers = { 'x-should-retry': 'false' };
  for (const script of [
    scripts.status(400, { message, headers }),
    scripts.status(401, { message, headers }),
    scripts.status(429, { message, headers }),
    scripts.status(500, { message, headers }),
    scripts.cutAfter(CANARIES.answer),
    scripts.brokenChunkAfter(CANARIES.answer),
    scripts.errorAfter([CANARIES.answer]),
    scripts.raw(`data: {"${CANARIES.answer}\n\n`),
    scripts.raw(`<html>${CANARIES.answer}</html>`),
  ]) {
    model.reply(script, script, script);
    expect((await team.send(chatId, CANARIES.question)).status).toBe(502);
  }
}

async function sendNonsense(team: Team, chatId: string): Promise<void> {
  const json = { 'content-type': 'application/json' };
  const unknown = mintApiKey('secret');
  await rest('GET', '/chat', { key: unknown });
  await rest('GET', '/chat', { headers: { authorization: `Bearer ${unknown}` } });
  await rest('GET', `/${CANARIES.path}`);
  await rest('GET', `/chat/${CANARIES.path}`, { key: team.secretKey });
  await rest('GET', `/chat/${CANARIES.path}%zz`, { key: team.secretKey });
  await rest('PUT', `/chat?${CANARIES.query}=1`, { key: team.secretKey });
  await team.rest('GET', '/chat', { query: { [CANARIES.query]: CANARIES.query, limit: CANARIES.query } });
  await team.rest('GET', '/chat', { query: { cursor: CANARIES.cursor } });
  await team.rest('POST', '/chat', { rawBody: `{"${CANARIES.body}": ${CANARIES.body}`, headers: json });
  await team.rest('POST', '/chat', { body: { agentId: CANARIES.body, [CANARIES.body]: CANARIES.body } });
  await team.rest('POST', '/chat', { rawBody: CANARIES.body, headers: { 'content-type': CANARIES.header } });
  await team.rest('GET', '/chat', { headers: { cookie: CANARIES.header, 'user-agent': CANARIES.header } });
  await fetch(`${url}/trpc/${CANARIES.path}?input=${CANARIES.query}`, {
    headers: { 'x-api-key': team.secretKey },
  });
  await fetch(`${url}/trpc/chat.create`, {
    method: 'POST',
    headers: { ...json, 'x-api-key': team.secretKey },
    body: `{"${CANARIES.body}`,
  });
  await trpcClient(url, team.secretKey)
    .chat.get.query({ chatId: CANARIES.path })
    .catch(() => undefined);
  await team.send(chatId, `${CANARIES.question}\0`);
}

/** Cuts the database off during an answer and during all other requests. */
async function loseTheDatabase(team: Team, chatId: string): Promise<void> {
  const gate = model.hold();
  const sending = team.send(chatId, CANARIES.question);
  await model.nextCall();
  proxy.cut();
  gate.release();
  await Promise.all([
    team.rest('GET', '/chat', { query: { userId: CANARIES.user } }),
    team.send(chatId, CANARIES.question),
    team.rest('POST', '/chat', { body: { agentId: team.agent.id, metadata: { note: CANARIES.metadata } } }),
    log.next(({ msg }) => msg === 'recovery failed' || msg === 'lease renewal failed'),
  ]);
  proxy.restore();
  await sending;
}
