import { streamOperations } from '@parley/api';
import { casesOfForm } from '@parley/embedded/testing/form';
import { describe, expect, test } from 'vitest';
import { startHarness, type Team } from './harness.ts';
import { headersFor, operations } from './support/operations.ts';
import { operationOf, procedureDefinitions, takesBody, toRestRequest } from './support/transports.ts';
import { unchanged } from './support/unchanged.ts';

/* Every operation rejects invalid bodies, bodies that are too large, and unknown paths and methods. */

const { url, makeTeam, rest, mongo } = await startHarness();
const team = await makeTeam();

const names = Object.keys(operations);
const withBody = names.filter((name) => takesBody(operationOf(name).method));
const takesNoBody = (name: string) => operationOf(name).meta.hasOptionalBody === true;

const inputOf = async (name: string): Promise<Record<string, unknown>> =>
  (await operations[name]?.validInput(team)) ?? {};
/** The path of an existing object of this operation. */
const targetOf = async (name: string): Promise<string> => toRestRequest(name, await inputOf(name)).path;
/** A path of this form without an object. */
const emptyTarget = (path: string): string => path.replaceAll(/\{\w+\}/g, 'nothing');

/** Sends a request that must be rejected, and checks that nothing was written. */
const rejectedRest = (request: () => ReturnType<Team['rest']>) => unchanged(mongo.raw, request);

describe('bodies that are not JSON objects', () => {
  const bodies: [string, string | Uint8Array<ArrayBuffer>][] = [
    ['half of an object', '{"agentId":'],
    ['nothing', ''],
    ['a string', '"agentId"'],
    ['an array', '[{"agentId":"x"}]'],
    ['a number', '1'],
    ['null', 'null'],
    ['two objects', '{}{}'],
    ['a comment', '/**/{}'],
    ['a single quote', "{'agentId':'x'}"],
    ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d)],
    ['UTF-16', Uint8Array.from(Buffer.from('{"agentId":"x"}', 'utf16le'))],
  ];

  describe.each(casesOfForm(withBody, 18))('%s', (name) => {
    // An operation that needs no body accepts a request without one.
    const wrong = bodies.filter(([, body]) => body !== '' || !takesNoBody(name));
    test.each(wrong)('a body with %s returns 400 malformed_request', async (_, rawBody) => {
      const { method } = operationOf(name);
      const target = await targetOf(name);
      const headers = { ...(await headersFor(team, name)), 'content-type': 'application/json' };
      const answer = await rejectedRest(() => team.rest(method, target, { rawBody, headers }));
      expect(answer).toMatchObject({ status: 400, apiError: { code: 'malformed_request' } });
    });

    test.each([
      ['none', undefined],
      ['text/plain', 'text/plain'],
      ['a form', 'application/x-www-form-urlencoded'],
      ['XML', 'application/xml'],
      ['something like JSON', 'application/jsonx'],
      ['nonsense', ';;;'],
    ])('the content type %s returns 415', async (_, type) => {
      const { method } = operationOf(name);
      const target = await targetOf(name);
      const rawBody = new TextEncoder().encode(JSON.stringify(await inputOf(name)));
      const headers = {
        ...(await headersFor(team, name)),
        ...(type !== undefined && { 'content-type': type }),
      };
      const answer = await rejectedRest(() => team.rest(method, target, { rawBody, headers }));
      expect(answer).toMatchObject({ status: 415, apiError: { code: 'unsupported_media_type' } });
    });

    test.each([
      'application/json',
      'application/json; charset=utf-8',
      'application/json;charset=UTF-8',
      'Application/JSON',
    ])('the content type %s is accepted', async (type) => {
      const { path, body } = toRestRequest(name, await inputOf(name));
      const { method } = operationOf(name);
      const headers = { ...(await headersFor(team, name)), 'content-type': type };
      const answer = await team.rest(method, path, { body, headers });
      expect([200, 204]).toContain(answer.status);
    });

    test('half of a JSON text over tRPC returns 400 malformed_request', async () => {
      const response = await fetch(`${url}/trpc/${name}`, {
        method: 'POST',
        headers: { ...(await headersFor(team, name)), 'content-type': 'application/json' },
        body: '{"agentId":',
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error: { data: { apiError: { code: 'malformed_request', error: 'Bad Request' } } },
      });
    });
  });
});

describe('bodies that are too large', () => {
  const boundOf = (name: string) => (/^agent\.(?:create|update)$/.test(name) ? 1_048_576 : 524_288);
  const padded = (length: number) => `{"unknown":"${'x'.repeat(length - '{"unknown":""}'.length)}"}`;

  test.each(casesOfForm(withBody, 4))(
    '%s returns 413 one byte above its limit and reads a body at the limit',
    async (name) => {
      const { method } = operationOf(name);
      const target = await targetOf(name);
      const headers = { ...(await headersFor(team, name)), 'content-type': 'application/json' };
      const over = await rejectedRest(() =>
        team.rest(method, target, { rawBody: padded(boundOf(name) + 1), headers }),
      );
      expect(over).toMatchObject({ status: 413, apiError: { code: 'payload_too_large' } });
      const exact = await rejectedRest(() =>
        team.rest(method, target, { rawBody: padded(boundOf(name)), headers }),
      );
      expect(exact).toMatchObject({ status: 400, apiError: { code: 'invalid_input' } });
    },
  );

  test.each(casesOfForm(withBody, 4))('%s has the same limit over tRPC', async (name) => {
    const send = async (length: number) =>
      fetch(`${url}/trpc/${name}`, {
        method: 'POST',
        headers: { ...(await headersFor(team, name)), 'content-type': 'application/json' },
        body: padded(length),
      });
    const over = await send(boundOf(name) + 1);
    expect(over.status).toBe(413);
    expect(await over.json()).toMatchObject({ error: { data: { apiError: { code: 'payload_too_large' } } } });
    expect((await send(boundOf(name))).status).toBe(400);
  });
});

test('a tRPC batch may be larger than a single call, and has a limit too', async () => {
  const { secretKey } = team;
  const send = (bytes: number) =>
    fetch(`${url}/trpc/chat.create,chat.create?batch=1`, {
      method: 'POST',
      headers: { 'x-api-key': secretKey, 'content-type': 'application/json' },
      body: JSON.stringify({ 0: { agentId: 'x'.repeat(bytes) }, 1: {} }),
    });
  expect((await send(600_000)).status).toBeLessThan(413);
  expect((await send(1_100_000)).status).toBe(413);
});

describe('JSON with too many keys or levels', () => {
  const wide = (keys: number) => `{${Array.from({ length: keys }, (_, index) => `"${index}":0`).join(',')}}`;
  const deep = (levels: number) => `{"content":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
  const cases: [string, string][] = [
    ['10,001 keys', wide(10_001)],
    ['33 levels', deep(33)],
  ];

  test.each(cases)('%s return 413 over REST and tRPC, in a body and in a query', async (_, json) => {
    const chat = await team.makeChat();
    const headers = { 'x-api-key': team.secretKey, 'content-type': 'application/json' };
    const requests: [string, RequestInit][] = [
      [`/chat/${chat.id}/message`, { method: 'POST', body: json }],
      ['/trpc/message.create', { method: 'POST', body: json }],
      ['/trpc/message.create,message.create?batch=1', { method: 'POST', body: json }],
    ];
    if (json.length < 10_000) requests.push([`/trpc/chat.list?input=${encodeURIComponent(json)}`, {}]);
    for (const [path, request] of requests) {
      const response = await fetch(`${url}${path}`, { ...request, headers });
      expect([path, response.status]).toEqual([path, 413]);
      expect(await response.text()).toContain('payload_too_complex');
    }
  });

  test('10,000 keys and 32 levels are accepted', async () => {
    for (const rawBody of [wide(10_000), deep(32)]) {
      const headers = { 'content-type': 'application/json' };
      const answer = await team.rest('POST', '/chat', { rawBody, headers });
      expect([answer.status, answer.apiError.code]).toEqual([400, 'invalid_input']);
    }
  });
});

describe('unknown paths and methods', () => {
  const addresses: readonly { path: string; method: string }[] = [
    ...names.map(operationOf),
    ...streamOperations.map(({ path }) => ({ path, method: 'GET' })),
  ];
  const taken = Map.groupBy(addresses, ({ path }) => path);
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'];
  const cases = [...taken].flatMap(([path, found]) =>
    methods
      .filter((method) => !found.some((operation) => operation.method === method))
      .map((method) => ({
        path,
        method,
        allow: found
          .map((one) => one.method)
          .sort()
          .join(', '),
      })),
  );

  test.each(casesOfForm(cases, 4))(
    '$method $path returns 405 with Allow: $allow',
    async ({ path, method, allow }) => {
      for (const key of [team.secretKey, undefined]) {
        const answer = await rejectedRest(() => rest(method, emptyTarget(path), { key }));
        expect(answer.status).toBe(405);
        expect(answer.headers.get('allow')).toBe(allow);
        if (method !== 'HEAD') expect(answer.apiError.code).toBe('method_not_allowed');
      }
    },
  );

  test.each([
    '/',
    '/nope',
    '/chats',
    '/CHAT',
    '/chat/x/messages',
    '/chat/x/message/y/z',
    '/api/chat',
    '//chat',
  ])('%s returns 404 with and without a key, for every method', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      for (const key of [team.secretKey, undefined]) {
        const answer = await rest(method, path, { key });
        expect(answer).toMatchObject({ status: 404, apiError: { code: 'route_not_found' } });
      }
    }
  });

  test.each(['chat.nope', 'chat', 'nope', 'chat.get.more', 'constructor', '__proto__', 'chat.toString'])(
    'the tRPC procedure %s returns 404 route_not_found',
    async (name) => {
      const response = await fetch(`${url}/trpc/${name}`, { headers: { 'x-api-key': team.secretKey } });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({
        error: { data: { apiError: { code: 'route_not_found' } } },
      });
    },
  );

  test.each(casesOfForm(names, 4))('%s with the wrong HTTP method over tRPC returns 405', async (name) => {
    const isQuery = procedureDefinitions()[name]?.type === 'query';
    const response = await fetch(`${url}/trpc/${name}`, {
      method: isQuery ? 'POST' : 'GET',
      headers: {
        ...(await headersFor(team, name)),
        ...(isQuery && { 'content-type': 'application/json' }),
      },
      ...(isQuery && { body: '{}' }),
    });
    expect(response.status).toBe(405);
    expect(await response.json()).toMatchObject({
      error: { data: { apiError: { code: 'method_not_allowed' } } },
    });
  });
});
