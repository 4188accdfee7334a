import { restOperations, streamOperations } from '@parley/api';
import { describe, expect, test } from 'vitest';
import { startHarness } from './harness.ts';
import { requestStream, streams } from './support/streams.ts';
import { transports } from './support/transports.ts';

const { makeTeam, url } = await startHarness();
const team = await makeTeam();
const Origin = 'https://shop.example';

const list = (headers: Headers, name: string) =>
  (headers.get(name) ?? '').split(',').map((part) => part.trim().toLowerCase());

describe('preflight requests', () => {
  const addresses = [
    ...restOperations.map(({ method, path }) => ({
      method: method as string,
      path: path.replaceAll(/\{\w+\}/g, 'x'),
    })),
    ...streamOperations.map(({ path }) => ({ method: 'GET', path: path.replaceAll(/\{\w+\}/g, 'x') })),
    { method: 'GET', path: '/trpc/chat.list' },
    { method: 'POST', path: '/trpc/chat.create' },
  ];

  test.each(addresses)(
    'a page of any origin may $method $path with a key and JSON, and without cookies',
    async ({ method, path }) => {
      const response = await fetch(`${url}${path}`, {
        method: 'OPTIONS',
        headers: {
          Origin,
          'access-control-request-method': method,
          'access-control-request-headers': 'content-type, x-api-key, authorization, idempotency-key',
        },
      });
      expect(response.status).toBe(204);
      expect(await response.text()).toBe('');
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('access-control-allow-credentials')).toBeNull();
      expect(list(response.headers, 'access-control-allow-methods')).toContain(method.toLowerCase());
      expect(list(response.headers, 'access-control-allow-headers')).toEqual(
        expect.arrayContaining([
          'content-type',
          'x-api-key',
          'authorization',
          'last-event-id',
          'idempotency-key',
        ]),
      );
      expect(Number(response.headers.get('access-control-max-age'))).toBeGreaterThan(0);
    },
  );
});

const chat = await team.makeChat();

describe('responses to pages, with errors', () => {
  const json = { 'content-type': 'application/json' };
  test.each([
    [200, 'GET', '/chat', {}],
    [200, 'POST', '/chat', { headers: json, body: JSON.stringify({ agentId: team.agent.id }) }],
    [200, 'GET', '/trpc/chat.list?input={}', {}],
    [400, 'POST', '/chat', { headers: json, body: '{' }],
    [400, 'GET', '/chat?limit=x', {}],
    [400, 'GET', '/chat/%zz', {}],
    [404, 'GET', '/chat/nope', {}],
    [404, 'GET', '/nope', {}],
    [404, 'GET', '/trpc/nope', {}],
    [405, 'PUT', '/chat', {}],
    [413, 'POST', '/chat', { headers: json, body: 'x'.repeat(1_100_000) }],
    [415, 'POST', '/chat', { headers: { 'content-type': 'text/plain' }, body: 'x' }],
    [204, 'DELETE', `/chat/${chat.id}`, {}],
  ] as [number, string, string, RequestInit][])(
    'a page of any origin can read the %i of %s %s',
    async (status, method, path, init) => {
      for (const key of [team.publishableKey, 'wrong']) {
        const response = await fetch(`${url}${path}`, {
          ...init,
          method,
          headers: { ...(init.headers as Record<string, string>), Origin, 'x-api-key': key },
        });
        if (key !== 'wrong') expect(response.status).toBe(status);
        expect(response.headers.get('access-control-allow-origin')).toBe('*');
        expect(response.headers.get('access-control-allow-credentials')).toBeNull();
        expect(list(response.headers, 'access-control-expose-headers')).toEqual(
          expect.arrayContaining(['x-request-id', 'retry-after', 'idempotent-replayed']),
        );
      }
    },
  );
});

describe('streams to pages', () => {
  const streamed = transports.flatMap((transport) =>
    streams
      .filter(({ operationId }) => operationId !== 'streamChat')
      .map((example) => ({ ...example, name: example.operationId, transport })),
  );

  test.each(streamed)(
    'a page of any origin can read the stream of $name over $transport',
    async ({ transport, validInput, ...example }) => {
      const input = { ...(await validInput(team)), lastEventId: 'x' };
      const headers = { Origin, 'x-api-key': team.publishableKey };
      const stream = await requestStream(transport, example, input, { url, headers });
      expect(stream.status).toBe(200);
      expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream/);
      expect(stream.headers.get('access-control-allow-origin')).toBe('*');
      expect(stream.headers.get('access-control-allow-credentials')).toBeNull();
      expect(list(stream.headers, 'access-control-expose-headers')).toEqual(
        expect.arrayContaining(['x-request-id', 'idempotent-replayed']),
      );
      expect(stream.headers.get('cache-control')).toBe('no-cache, no-transform');
      expect(stream.headers.get('x-accel-buffering')).toBe('no');
      stream.close();
    },
  );

  test('a page of any origin can read an answer that is streamed by its POST', async () => {
    const { id: chatId } = await team.makeChat();
    const stream = await team.stream(chatId, 'hello', {
      headers: { Origin, 'x-api-key': team.publishableKey },
    });
    expect(stream.headers.get('access-control-allow-origin')).toBe('*');
    expect(list(stream.headers, 'access-control-expose-headers')).toContain('idempotent-replayed');
    await stream.rest();
  });
});
