import type { AppRouter } from '@parley/api';
import { ApiError } from '@parley/contract';
import { createTRPCClient, httpBatchLink, httpBatchStreamLink, TRPCClientError } from '@trpc/client';
import { describe, expect, test, vi } from 'vitest';
import { startHarness } from './harness.ts';

const { url, makeTeam, trpc, mongo } = await startHarness();
const team = await makeTeam();

describe('the stock client', () => {
  test('the stock client can call every procedure, with types from the router alone', async () => {
    const client = trpc(team.publishableKey);
    const { agents } = await client.agent.list.query({});
    const chat = await client.chat.create.mutate({ agentId: agents[0]?.id ?? '', userId: 'ann' });
    const answer = await client.message.create.mutate({ chatId: chat.id, content: 'hi', role: 'user' });
    expect(answer.content).toBe('You said: hi');
    expect((await client.message.list.query({ chatId: chat.id })).messages).toHaveLength(2);
    const named = await client.chat.update.mutate({ chatId: chat.id, title: 'Greetings' });
    expect(named).toMatchObject({ id: chat.id, title: 'Greetings' });
    const { chats } = await client.chat.list.query({ userId: 'ann', search: 'greet' });
    expect(chats).toMatchObject([{ id: chat.id, title: 'Greetings' }]);
    expect((await client.chat.get.query({ chatId: chat.id })).messages[1]?.id).toBe(answer.id);
    await client.chat.delete.mutate({ chatId: chat.id });
    expect((await client.chat.list.query({ userId: 'ann' })).chats).toEqual([]);
  });

  test('the stock client gets the envelope of an error as data, and the sentence as its message', async () => {
    const error = await team.trpc.chat.get.query({ chatId: 'nope' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TRPCClientError);
    const { message, data } = error as TRPCClientError<AppRouter>;
    expect(message).toBe(data?.apiError.message);
    expect(data).toMatchObject({
      code: 'NOT_FOUND',
      httpStatus: 404,
      path: 'chat.get',
      apiError: { error: 'Not Found', code: 'chat_not_found', requestId: expect.stringMatching(/^req_/) },
    });
    expect(data).not.toHaveProperty('stack');
  });
});

describe.each([
  ['a batch', httpBatchLink],
  ['a streamed batch', httpBatchStreamLink],
])('%s', (_, link) => {
  const client = (key: string | undefined) =>
    createTRPCClient<AppRouter>({
      links: [link({ url: `${url}/trpc`, headers: key === undefined ? {} : { 'x-api-key': key } })],
    });

  test('each call of the batch gets its own result or error', async () => {
    const batch = client(team.secretKey);
    const chat = await team.makeChat();
    const results = await Promise.allSettled([
      batch.chat.get.query({ chatId: chat.id }),
      batch.chat.get.query({ chatId: 'nope' }),
      batch.chat.list.query({ limit: 0 }),
      batch.agent.list.query({}),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { data: { apiError: { code: 'chat_not_found' } } } });
    expect(results[2]).toMatchObject({
      reason: { data: { apiError: { code: 'invalid_input', issues: [{ path: 'limit' }] } } },
    });
  });

  test('a batch looks the key up once, however many calls it has', async () => {
    const otherTeam = await makeTeam();
    const find = vi.spyOn(mongo.database.stores.apiKeys, 'find');
    const batch = client(otherTeam.secretKey);
    await Promise.all(Array.from({ length: 10 }, () => batch.agent.list.query({})));
    expect(find).toHaveBeenCalledTimes(1);
    find.mockRestore();
  });

  test('a batch without a key is rejected in every part', async () => {
    const batch = client(undefined);
    const results = await Promise.allSettled([batch.agent.list.query({}), batch.chat.list.query({})]);
    for (const result of results) {
      expect(result).toMatchObject({ reason: { data: { apiError: { code: 'unauthorized' } } } });
    }
  });
});

test('an error that can be retried later has Retry-After over tRPC too', async () => {
  const unreachable = vi
    .spyOn(mongo.database.stores.agents, 'listSummaries')
    .mockRejectedValue(new ApiError('database_unavailable'));
  const response = await fetch(`${url}/trpc/agent.list?input={}`, {
    headers: { 'x-api-key': team.secretKey },
  });
  unreachable.mockRestore();
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('2');
});

test('methods that tRPC does not know return 405 with Allow, in the shape its clients read', async () => {
  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    const response = await fetch(`${url}/trpc/chat.list`, {
      method,
      headers: { 'x-api-key': team.secretKey },
    });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, POST');
    expect(await response.json()).toMatchObject({
      error: { data: { apiError: { code: 'method_not_allowed' } } },
    });
  }
});

describe('tRPC over HTTP', () => {
  const call = (path: string, method = 'GET', key = team.secretKey) =>
    fetch(`${url}/trpc/${path}`, {
      method,
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      ...(method === 'POST' && { body: '{}' }),
    });

  test('a batch with too many calls is rejected as a whole', async () => {
    const batchOf = (count: number) => call(`${Array(count).fill('agent.list').join(',')}?batch=1&input={}`);
    // Without inputs each call of the batch is rejected, but each gets a response.
    expect(await (await batchOf(20)).json()).toHaveLength(20);
    const rejected = await batchOf(21);
    expect(rejected.status).toBe(400);
    expect(JSON.stringify(await rejected.json())).toContain('"malformed_request"');
  });

  test.each([
    ['chat.create', 'GET', 'POST'],
    ['chat.list', 'POST', 'GET'],
  ])('%s with the method %s returns the method it takes', async (path, method, allow) => {
    const response = await call(path, method);
    expect({ status: response.status, allow: response.headers.get('allow') }).toEqual({ status: 405, allow });
  });

  test('a 401 names the authentication scheme', async () => {
    expect((await call('agent.list', 'GET', 'nobody')).headers.get('www-authenticate')).toBe('Bearer');
    const rest = await fetch(`${url}/agent`);
    expect(rest.headers.get('www-authenticate')).toBe('Bearer');
  });
});
