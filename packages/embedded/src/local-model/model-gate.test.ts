import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ModelGate, openModelGate } from './model-gate.ts';

/** The requests that arrived at the engine. */
interface Arrived {
  request: IncomingMessage;
  response: ServerResponse;
  body: { messages: { content: string }[] };
}

let gate: ModelGate;
let engine: Awaited<ReturnType<typeof startScriptedEngine>>;

beforeEach(async () => {
  engine = await startScriptedEngine();
  gate = await openModelGate({ model: 'small', promptTokensMax: 100, waitingMax: 1 });
  gate.connect(engine);
});

afterEach(async () => {
  await gate[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});

test('the model is listed in the form of the OpenAI API', async () => {
  const response = await fetch(`${gate.baseUrl}/models`);
  expect(await response.json()).toEqual({
    object: 'list',
    data: [{ id: 'small', object: 'model', created: 0, owned_by: 'parley' }],
  });
});

test('a request reaches the engine unchanged and with the key, and its response is returned', async () => {
  const asking = post({ messages: [user('hello')], temperature: 0.5, stop: ['x'] });
  const { request, response, body } = await engine.next();
  expect(body).toEqual({ messages: [user('hello')], temperature: 0.5, stop: ['x'] });
  expect(request.headers.authorization).toBe('Bearer engine-key');
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices":[]}');
  const answer = await asking;
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ choices: [] });
});

test('a rejection by the engine is returned unchanged', async () => {
  const asking = post({ messages: [user('hello')], n: 9 });
  const { response } = await engine.next();
  response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{"message":"n is 1"}}');
  const answer = await asking;
  expect(answer.status).toBe(400);
  expect(await answer.json()).toEqual({ error: { message: 'n is 1' } });
});

test('a stream is passed on piece by piece', async () => {
  const asking = post({ messages: [user('hello')], stream: true });
  const { response } = await engine.next();
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  const answer = await asking;
  const reader = answer.body?.getReader();
  for (const piece of ['data: 1\n\n', 'data: [DONE]\n\n']) {
    response.write(piece);
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(piece);
  }
  response.end();
  expect((await reader?.read())?.done).toBe(true);
  expect(answer.headers.get('content-type')).toBe('text/event-stream');
});

test('the oldest messages of a conversation that exceeds the context are removed', async () => {
  const words = Array.from({ length: 16 }, (_, index) => user(`word${index}`));
  void post({ messages: words }).catch(() => {});
  const { body } = await engine.next();
  expect(body.messages).toEqual(words.slice(8));
});

describe('one at a time', () => {
  test('a second request waits while one runs, and a third is rejected with Retry-After', async () => {
    const first = post({ messages: [user('first')] });
    const answering = await engine.next();
    const others = ['second', 'third'].map((content) => post({ messages: [user(content)] }));
    const refused = await Promise.race(others);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(engine.arrivals()).toBe(1);
    answering.response.end('{}');
    expect((await first).status).toBe(200);
    (await engine.next()).response.end('{}');
    const statuses = (await Promise.all(others)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 429]);
  });

  test('a client that disconnects stops the engine and admits the next request', async () => {
    const impatient = new AbortController();
    const first = post({ messages: [user('first')], stream: true }, impatient.signal);
    const { response } = await engine.next();
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    const answer = await first;
    const second = post({ messages: [user('second')] });
    const stopped = once(response, 'close');
    impatient.abort();
    await stopped;
    await expect(answer.text()).rejects.toThrow();
    const next = await engine.next();
    expect(next.body.messages).toEqual([user('second')]);
    next.response.end('{}');
    expect((await second).status).toBe(200);
  });

  test('a client that disconnects before the first token stops the engine', async () => {
    const impatient = new AbortController();
    const first = post({ messages: [user('first')] }, impatient.signal);
    const { response } = await engine.next();
    const broken = expect(first).rejects.toThrow();
    const stopped = once(response, 'close');
    impatient.abort();
    await Promise.all([stopped, broken]);
  });
});

describe('without an engine', () => {
  test('requests during a restart get 503 with Retry-After, and the list is served', async () => {
    gate.connect(undefined);
    const answer = await post({ messages: [user('hello')] });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('2');
    expect((await fetch(`${gate.baseUrl}/models`)).status).toBe(200);
  });

  test('a request gets 503 when the engine dies before it answers', async () => {
    const asking = post({ messages: [user('hello')] });
    (await engine.next()).response.destroy();
    expect((await asking).status).toBe(503);
  });

  test('the client sees a broken connection when the engine dies during an answer', async () => {
    const asking = post({ messages: [user('hello')], stream: true });
    const { response } = await engine.next();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: half');
    const answer = await asking;
    response.destroy();
    await expect(answer.text()).rejects.toThrow();
  });

  test('requests get 503 when the engine’s port is closed', async () => {
    await engine[Symbol.asyncDispose]();
    expect((await post({ messages: [user('hello')] })).status).toBe(503);
  });

  test('the next engine answers at the same address', async () => {
    await engine[Symbol.asyncDispose]();
    engine = await startScriptedEngine();
    gate.connect(engine);
    const asking = post({ messages: [user('hello')] });
    (await engine.next()).response.end('{}');
    expect((await asking).status).toBe(200);
  });
});

describe('rejected without calling the engine', () => {
  afterEach(() => expect(engine.arrivals()).toBe(0));

  test.each(['{bad', '"text"', '[]', 'null', '{}', '{"messages":"hi"}', '{"messages":[]}'])(
    'a body that is %s is rejected with 400',
    async (body) => {
      const answer = await fetch(`${gate.baseUrl}/chat/completions`, {
        method: 'POST',
        headers: JSON_TYPE,
        body,
      });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({
        error: { type: 'invalid_request_error', message: expect.any(String) },
      });
    },
  );

  test('a body over 2 MiB is rejected with 413', async () => {
    const answer = await post({ messages: [user('x'.repeat(3 * 1024 * 1024))] });
    expect(answer.status).toBe(413);
  });

  test('content types that need no preflight request are rejected with 415', async () => {
    const body = JSON.stringify({ messages: [user('hello')] });
    const answer = await fetch(`${gate.baseUrl}/chat/completions`, { method: 'POST', body });
    expect(answer.status).toBe(415);
  });

  test.each([
    ['GET', '/chat/completions'],
    ['POST', '/models'],
    ['POST', '/completions'],
    ['GET', '/../slots'],
  ])('%s %s is rejected with 404', async (method, path) => {
    expect((await fetch(`${gate.baseUrl}${path}`, { method })).status).toBe(404);
  });
});

test('closing the gate disconnects waiting clients', async () => {
  const disconnected = expect(post({ messages: [user('hello')] })).rejects.toThrow();
  await engine.next();
  await gate[Symbol.asyncDispose]();
  await disconnected;
  gate = await openModelGate({ model: 'small', promptTokensMax: 100, waitingMax: 1 });
});

const JSON_TYPE = { 'content-type': 'application/json' };

function user(content: string) {
  return { role: 'user', content };
}

function post(body: object, signal?: AbortSignal): Promise<Response> {
  return fetch(`${gate.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

/** An engine whose answers the test writes itself; a word counts ten tokens. */
async function startScriptedEngine() {
  const arrived: Arrived[] = [];
  let taken = 0;
  let wake = () => {};
  const server = createServer(async (request, response) => {
    const body = (await json(request)) as Arrived['body'];
    if (request.url === '/v1/chat/completions/input_tokens') {
      const words = body.messages.flatMap(({ content }) => content.split(' '));
      response.end(JSON.stringify({ input_tokens: words.length * 10 }));
      return;
    }
    arrived.push({ request, response, body });
    wake();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey: 'engine-key',
    arrivals: () => arrived.length,
    async next(): Promise<Arrived> {
      for (;;) {
        const next = arrived[taken];
        if (next) {
          taken++;
          return next;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}
