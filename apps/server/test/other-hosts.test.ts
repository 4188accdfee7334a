import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { appRouter, createContext, nodeRequest, responseMeta } from '@parley/api';
import { limits } from '@parley/contract';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { afterAll, describe, expect, test } from 'vitest';
import { startHarness } from './harness.ts';

/* The router in a bare server of `node:http`, as in docs/other-apps.md: it enforces the limits of bodies itself. */

const { composition, makeTeam } = await startHarness();
const team = await makeTeam();
const { id: chatId } = await team.makeChat();

const host = createServer(
  createHTTPHandler({
    router: appRouter,
    basePath: '/trpc/',
    maxBatchSize: limits.batchCallsMax,
    maxBodySize: limits.batchBodyBytesMax,
    createContext: ({ req, res, info }) => createContext(composition.services, nodeRequest(req, res, info)),
    responseMeta,
  }),
);
await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
afterAll(() => new Promise((resolve) => host.close(resolve)));
const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/trpc`;

async function ask(path: string, init: RequestInit = {}, key = team.secretKey) {
  const headers = { 'x-api-key': key, 'content-type': 'application/json' };
  const response = await fetch(`${url}/${path}`, { headers, ...init });
  const body = await response.json();
  const { error } = body as { error?: { data: { apiError: { code: string } } } };
  return { status: response.status, code: error?.data.apiError.code };
}
const post = (path: string, input: unknown, key?: string) =>
  ask(path, { method: 'POST', body: JSON.stringify(input) }, key);

const keys = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1]));
const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
const message = (more: object) => ({ chatId, content: 'hello', role: 'user', ...more });

describe('413 payload_too_complex', () => {
  test.each([
    ['too many keys', keys(limits.bodyKeysMax + 1)],
    ['too much depth', { value: nested(limits.bodyDepthMax + 1) }],
  ])('an input with %s is rejected for a mutation and for a query', async (_what, metadata) => {
    const tooMuch = { status: 413, code: 'payload_too_complex' };
    expect(await post('message.create', message({ metadata }))).toEqual(tooMuch);
    const query = encodeURIComponent(JSON.stringify({ value: nested(limits.bodyDepthMax + 1) }));
    expect(await ask(`chat.list?input=${query}`)).toEqual(tooMuch);
  });

  test('a batch whose inputs have too many keys together is rejected', async () => {
    const half = { metadata: keys(limits.bodyKeysMax / 2) };
    const batch = { 0: message(half), 1: message(half) };
    const response = await fetch(`${url}/message.create,message.create?batch=1`, {
      method: 'POST',
      headers: { 'x-api-key': team.secretKey, 'content-type': 'application/json' },
      body: JSON.stringify(batch),
    });
    expect(JSON.stringify(await response.json())).toContain('payload_too_complex');
  });
});

test('the caller is authenticated before the input is checked', async () => {
  const metadata = keys(limits.bodyKeysMax + 1);
  expect(await post('message.create', message({ metadata }), 'sk_live_unknown')).toEqual({
    status: 401,
    code: 'unauthorized',
  });
});

test('an ordinary message is answered', async () => {
  expect(await post('message.create', message({}))).toEqual({ status: 200, code: undefined });
});
