import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { appRouter, type ProcedureMeta, restOperations } from '@parley/api';
import { initTRPC } from '@trpc/server';
import { createOpenApiHttpHandler } from 'trpc-to-openapi';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startHarness } from './harness.ts';

/* The unexpected behavior of trpc-to-openapi, one test each. Without the adapter, its test fails. */

const SECRET = 'canary mongodb://user:password@10.0.0.1 /srv/parley/src/secret.ts';
let failNext = false;
const { makeTeam, rest, url, log } = await startHarness({
  alter: (database) => ({
    ...database,
    stores: {
      ...database.stores,
      chats: {
        ...database.stores.chats,
        list: async (...args) => {
          if (!failNext) return await database.stores.chats.list(...args);
          failNext = false;
          throw new Error(SECRET, { cause: new Error(SECRET) });
        },
      },
    },
  }),
});
const team = await makeTeam();

describe('trpc-to-openapi sets `coerce` on the schemas that it sees', () => {
  test('a handler with the whole router would change the input of tRPC calls', async () => {
    const t = initTRPC.context<object>().meta<ProcedureMeta>().create();
    const router = t.router({
      probe: t.procedure
        .meta({ openapi: { method: 'POST', path: '/probe' } })
        .input(z.strictObject({ isOpen: z.boolean() }))
        .output(z.unknown())
        .mutation(({ input }) => input),
    });
    const callTrpc = () => router.createCaller({}).probe({ isOpen: 'false' as never });
    await expect(callTrpc()).rejects.toThrow('Invalid input');
    const server = createServer(createOpenApiHttpHandler({ router, createContext: () => ({}) })).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const headers = { 'content-type': 'application/json' };
    await fetch(`http://127.0.0.1:${port}/probe`, { method: 'POST', headers, body: '{}' });
    server.close();
    expect(await callTrpc()).toEqual({ isOpen: true });
  });

  test('REST calls of every operation leave the schemas of the router unchanged', async () => {
    const before = coercionOfInputs();
    for (const { method, path } of restOperations) {
      const body = method === 'GET' || method === 'DELETE' ? {} : { body: { isUnknown: 'true' } };
      await team.rest(method, path.replaceAll(/\{\w+\}/g, 'unknown'), body);
    }
    expect(coercionOfInputs()).toEqual(before);
  });

  test.each(['REST', 'tRPC'])(
    'a string for a boolean or a number in a body is rejected over %s',
    async (transport) => {
      const chat = await team.makeChat();
      const wrong = { chatId: chat.id, content: 'x', role: 'user', wait: 'false' };
      const { chatId: _, ...body } = wrong;
      const answers = {
        REST: () => team.rest('POST', `/chat/${chat.id}/message`, { body }),
        tRPC: async () =>
          await fetch(`${url}/trpc/message.create`, {
            method: 'POST',
            headers: { 'x-api-key': team.secretKey, 'content-type': 'application/json' },
            body: JSON.stringify(wrong),
          }),
      };
      expect((await answers.REST()).status).toBe(400);
      expect((await answers[transport as 'REST' | 'tRPC']()).status).toBe(400);
    },
  );
});

/** Lists, for each schema of each input, whether it coerces its values. */
function coercionOfInputs(): string[] {
  const procedures = appRouter._def.procedures as unknown as Record<
    string,
    { _def: { inputs: z.ZodType[] } }
  >;
  return Object.entries(procedures).flatMap(([name, { _def }]) =>
    _def.inputs
      .flatMap((input) => schemasOf(input))
      .map(({ def }) => `${name} ${def.type} ${String(Reflect.get(def, 'coerce'))}`),
  );
}

describe('trpc-to-openapi returns errors with their own text', () => {
  test.each(['REST', 'tRPC', 'a batch of tRPC'])(
    'an unexpected error over %s is masked, and logged with its stack',
    async (transport) => {
      failNext = true;
      const response = await fetch(
        `${url}${transport === 'REST' ? '/chat' : transport === 'tRPC' ? '/trpc/chat.list?input={}' : '/trpc/chat.list?batch=1&input={"0":{}}'}`,
        { headers: { 'x-api-key': team.secretKey } },
      );
      const text = await response.text();
      expect(response.status).toBe(500);
      expect(text).toContain('"internal_error"');
      expect(text).not.toMatch(/canary|mongodb|\.ts|stack| at /);
      const requestId = response.headers.get('x-request-id');
      expect(text).toContain(`"requestId":"${requestId}"`);
      const line = await log.find((one) => one['requestId'] === requestId);
      expect(line).toMatchObject({ level: 'error', msg: 'request failed', code: 'internal_error' });
      expect(JSON.stringify(line)).toContain('trpc-to-openapi-traps.test.ts');
      expect(JSON.stringify(line)).not.toContain('canary');
    },
  );
});

describe('trpc-to-openapi has its own shapes of errors', () => {
  test.each([
    ['its own 404', 'GET', '/chat/nope', {}, 404],
    ['its own validation', 'GET', '/chat?limit=x', {}, 400],
    [
      "Fastify's 413",
      'POST',
      '/chat',
      { rawBody: 'x'.repeat(1_100_000), headers: { 'content-type': 'application/json' } },
      413,
    ],
    ["Fastify's 415", 'POST', '/chat', { rawBody: 'x', headers: { 'content-type': 'text/plain' } }, 415],
    [
      "Fastify's 400 of a body",
      'POST',
      '/chat',
      { rawBody: '{', headers: { 'content-type': 'application/json' } },
      400,
    ],
    ["the router's 400 of a path", 'GET', '/chat/%zz', {}, 400],
    ["Fastify's 404", 'GET', '/nope', {}, 404],
    ["Fastify's 404 of a method", 'PUT', '/chat', {}, 405],
  ] as const)('%s has the one envelope', async (_, method, path, request, status) => {
    const answer = await team.rest(method, path, request);
    expect(answer.status).toBe(status);
    expect(Object.keys(answer.apiError).toSorted()).toEqual(
      status === 400 && path.includes('limit')
        ? ['code', 'error', 'issues', 'message', 'requestId']
        : ['code', 'error', 'message', 'requestId'],
    );
  });
});

describe('trpc-to-openapi spreads a body that is no object into the input', () => {
  test.each(['"agentId"', '["a"]', '7', 'null', 'true'])('the body %s returns 400', async (rawBody) => {
    const answer = await team.rest('POST', '/chat', {
      rawBody,
      headers: { 'content-type': 'application/json' },
    });
    expect(answer).toMatchObject({ status: 400, apiError: { code: 'malformed_request' } });
  });
});

describe('trpc-to-openapi drops empty values of a query', () => {
  test.each(['userId', 'agentType', 'limit', 'cursor'])(
    '?%s= returns 400 and is not read as a list without that filter',
    async (field) => {
      expect((await team.rest('GET', `/chat?${field}=`)).status).toBe(400);
    },
  );
});

describe('trpc-to-openapi prefers a path parameter to a field of the same name', () => {
  test('a path parameter in the body returns 400', async () => {
    const chat = await team.makeChat();
    const answer = await team.send(chat.id, '', {
      body: { content: 'x', role: 'user', chatId: 'chat_other' },
    });
    expect(answer).toMatchObject({ status: 400, apiError: { issues: [{ path: 'chatId' }] } });
  });

  test('a path parameter in the query returns 400', async () => {
    const chat = await team.makeChat();
    const answer = await team.rest('GET', `/chat/${chat.id}?chatId=${chat.id}`);
    expect(answer).toMatchObject({ status: 400, apiError: { issues: [{ path: 'chatId' }] } });
  });
});

describe('trpc-to-openapi matches paths in its own way', () => {
  test('an escaped id in the path is the id', async () => {
    const chat = await team.makeChat();
    expect((await team.rest('GET', `/chat/${chat.id.replace('_', '%5F')}`)).status).toBe(200);
  });

  test.each(['/CHAT', '/Chat', '/AGENT'])('the path %s in another case returns 404', async (path) => {
    expect(await team.rest('GET', path)).toMatchObject({
      status: 404,
      apiError: { code: 'route_not_found' },
    });
  });

  test('an escaped slash in an id does not separate segments', async () => {
    const chat = await team.makeChat();
    const answer = await team.rest('GET', `/chat/${chat.id}%2Fmessage`);
    expect(answer).toMatchObject({ status: 404, apiError: { code: 'chat_not_found' } });
  });
});

describe('trpc-to-openapi knows only the status 200', () => {
  test('a 204 has neither body nor content type', async () => {
    const chat = await team.makeChat();
    const { status, headers, text } = await team.rest('DELETE', `/chat/${chat.id}`);
    expect({ status, text, type: headers.get('content-type') }).toEqual({
      status: 204,
      text: '',
      type: null,
    });
  });

  test('every path has 405 with Allow before a key is checked', async () => {
    const answer = await rest('PATCH', '/chat');
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, POST');
  });

  test('a HEAD request is no GET and has no 204', async () => {
    expect((await team.rest('HEAD', '/chat')).status).toBe(405);
    expect((await team.rest('HEAD', '/nope')).status).toBe(404);
  });
});

describe('trpc-to-openapi accepts a parsed body under one spelling of its type', () => {
  test.each(['application/json', 'Application/JSON', 'application/json;charset=utf-8'])(
    'the content type %s is JSON',
    async (type) => {
      const body = { agentId: team.agent.id };
      expect((await team.rest('POST', '/chat', { body, headers: { 'content-type': type } })).status).toBe(
        200,
      );
    },
  );

  test('a chunked body without a length is accepted', async () => {
    const pieces = Readable.toWeb(
      Readable.from([`{"agentId":`, `"${team.agent.id}"}`].map((piece) => Buffer.from(piece))),
    );
    const response = await fetch(`${url}/chat`, {
      method: 'POST',
      headers: { 'x-api-key': team.secretKey, 'content-type': 'application/json' },
      body: pieces as ReadableStream,
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(200);
  });
});

/** A schema and all its parts. */
function schemasOf(schema: z.ZodType, seen = new Set<z.ZodType>()): z.ZodType[] {
  if (seen.has(schema)) return [];
  seen.add(schema);
  const parts =
    schema instanceof z.ZodObject ? Object.values(schema.shape) : Object.values(schema.def).flat();
  return [
    schema,
    ...parts.filter((part) => part instanceof z.ZodType).flatMap((part) => schemasOf(part, seen)),
  ];
}
