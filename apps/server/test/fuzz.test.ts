import { connect } from 'node:net';
import { restOperations, streamOperations } from '@parley/api';
import { errorEnvelopeSchema } from '@parley/contract';
import { isLongForm } from '@parley/embedded/testing/form';
import fc from 'fast-check';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { startHarness } from './harness.ts';
import { type RawHttpAnswer, sendRaw, sendUnchecked } from './support/raw-http.ts';

/*
 * The server answers any request with a status below 500 and errors in the one envelope, or closes a connection that
 * is not HTTP. Then it serves the next request.
 */

const { url, makeTeam, rest, log, mongo } = await startHarness();
const team = await makeTeam();
const chat = await team.makeChat();
const { id: answerId } = (await team.send(chat.id, 'hello')).body;
const KEY = `x-api-key: ${team.secretKey}`;
const JSON_TYPE = 'content-type: application/json';
const CLOSE = 'connection: close';

afterAll(async () => {
  expect(log.all(({ code, level }) => code === 'internal_error' || level === 'error')).toEqual([]);
  expect((await rest('GET', '/readyz')).status).toBe(200);
  const { messages } = await team.trpc.chat.get.query({ chatId: chat.id });
  expect(messages.length).toBeGreaterThanOrEqual(2);
  // Turns without a waiting request end by themselves.
  const unended = { status: { $nin: ['completed', 'stopped'] } };
  await vi.waitFor(async () => expect(await mongo.raw.collection('turns').countDocuments(unended)).toBe(0));
});

/** One HTTP request from its parts, byte for byte. */
function request(line: string, headers: readonly string[] = [], body: string | Uint8Array = ''): Uint8Array {
  const bytes = Buffer.from(body);
  const length = bytes.length > 0 ? [`content-length: ${bytes.length}`] : [];
  const head = [line, 'host: parley', CLOSE, ...headers, ...length].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), bytes]);
}

/** A client error in the one envelope. */
function expectApiError(answer: RawHttpAnswer | undefined): void {
  expect(answer?.status).toBeGreaterThanOrEqual(400);
  expect(answer?.status).toBeLessThan(500);
  errorEnvelopeSchema.parse(answer?.body);
}

/** A result, an error with the envelope, or the bare envelope if there is no procedure. */
function expectTrpcShape(body: unknown, requestId: string | null | undefined): void {
  if (body === undefined || (typeof body === 'object' && body !== null && 'result' in body)) return;
  const { error } = body as { error: string | { data: { apiError: unknown } } };
  const apiError = errorEnvelopeSchema.parse(typeof error === 'string' ? body : error.data.apiError);
  expect(apiError.requestId).toBe(requestId);
}

describe('requests that are not HTTP', () => {
  test.each([
    ['text that is no request', 'ceci n’est pas une requête\r\n\r\n'],
    ['bytes', Uint8Array.from({ length: 64 }, (_, index) => 255 - index)],
    ['a TLS handshake', Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03)],
    ['an unknown method', request('FOO /chat HTTP/1.1')],
    ['a method in small letters', request('get /chat HTTP/1.1')],
    ['an unknown version', request('GET /chat HTTP/9.9')],
    ['a blank in the path', request('GET /chat/a b HTTP/1.1', [KEY])],
    ['a raw byte in the path', request('GET /chat/\xff HTTP/1.1', [KEY])],
    ['NUL in the path', request('GET /chat/\0 HTTP/1.1', [KEY])],
    ['a header without a colon', request('GET /chat HTTP/1.1', [KEY, 'nocolon'])],
    ['a header with a blank in its name', request('GET /chat HTTP/1.1', ['x api key: x'])],
    ['NUL in a header', request('GET /chat HTTP/1.1', ['x-api-key: a\0b'])],
    ['a folded header', request('GET /chat HTTP/1.1', ['x-api-key: a', ' folded'])],
    ['a length that is no number', request('POST /chat HTTP/1.1', [KEY, JSON_TYPE, 'content-length: ten'])],
    ['a negative length', request('POST /chat HTTP/1.1', [KEY, JSON_TYPE, 'content-length: -1'])],
    [
      'two lengths',
      request('POST /chat HTTP/1.1', [KEY, JSON_TYPE, 'content-length: 2', 'content-length: 3']),
    ],
    [
      'a length and chunks',
      request('POST /chat HTTP/1.1', [KEY, 'content-length: 2', 'transfer-encoding: chunked']),
    ],
    ['an unknown transfer encoding', request('POST /chat HTTP/1.1', [KEY, 'transfer-encoding: zebra'])],
    [
      'a broken chunk',
      request('POST /chat HTTP/1.1', [KEY, JSON_TYPE, 'transfer-encoding: chunked', '', 'xyz']),
    ],
  ])('%s returns 400 in the envelope and closes the connection', async (_, bytes) => {
    const answer = await sendRaw(url, bytes, { method: 'GET', target: '/not-http' });
    expect(answer?.status).toBe(400);
    expect(answer?.body).toMatchObject({ code: 'malformed_request', error: 'Bad Request' });
  });

  test('headers above 16 KiB return 413', async () => {
    const bytes = request('GET /chat HTTP/1.1', [KEY, `x-long: ${'x'.repeat(20_000)}`]);
    const answer = await sendRaw(url, bytes, { method: 'GET', target: '/not-http' });
    expect(answer?.status).toBe(413);
    expect(answer?.body).toMatchObject({ code: 'payload_too_large' });
  });
});

describe('unusual HTTP requests', () => {
  test.each([
    ['no host', `GET /chat HTTP/1.1\r\n${KEY}\r\n${CLOSE}\r\n\r\n`],
    [
      'an expectation nobody knows',
      request('POST /chat HTTP/1.1', [KEY, JSON_TYPE, 'expect: miracles'], '{}'),
    ],
    ['OPTIONS *', request('OPTIONS * HTTP/1.1')],
    ['an address in full', request(`GET ${url}/nowhere HTTP/1.1`, [KEY])],
    ['TRACE', request('TRACE /chat HTTP/1.1', [KEY])],
    ['PROPFIND', request('PROPFIND /chat HTTP/1.1', [KEY])],
    ['QUERY', request('QUERY /chat HTTP/1.1', [KEY, JSON_TYPE], '{}')],
    ['HEAD', request('HEAD /chat HTTP/1.1', [KEY])],
    [
      'an upgrade to a web socket',
      request('GET /nowhere HTTP/1.1', [KEY, 'connection: upgrade', 'upgrade: websocket']),
    ],
    [
      'a packed body',
      request('POST /chat HTTP/1.1', [KEY, JSON_TYPE, 'content-encoding: gzip'], '\x1f\x8b\x08'),
    ],
    ['two content types', request('POST /chat HTTP/1.1', [KEY, JSON_TYPE, 'content-type: text/xml'], '{}')],
    ['two keys', request('GET /chat HTTP/1.1', [KEY, KEY])],
    ['a key of bytes', request('GET /chat HTTP/1.1', ['x-api-key: \xff\xfe'])],
    ['a thousand parameters', request(`GET /chat?${'userId=a&'.repeat(1_000)} HTTP/1.1`, [KEY])],
    ['an address of 15,000 characters', request(`GET /chat/${'a'.repeat(15_000)} HTTP/1.1`, [KEY])],
    ['a query of 15,000 characters', request(`GET /chat?userId=${'a'.repeat(15_000)} HTTP/1.1`, [KEY])],
    ['a BOM before the object', request('POST /chat HTTP/1.1', [KEY, JSON_TYPE], '\ufeff{}')],
    [
      '100,000 open brackets',
      request('POST /chat HTTP/1.1', [KEY, JSON_TYPE], `{"metadata":${'['.repeat(100_000)}`),
    ],
    [
      'a number of 100,000 digits',
      request('POST /chat HTTP/1.1', [KEY, JSON_TYPE], `{"agentId":${'9'.repeat(100_000)}}`),
    ],
  ])('%s is rejected in the envelope, and never with a 5xx', async (what, bytes) => {
    const answer = await sendRaw(url, bytes);
    if (what === 'HEAD') expect(answer?.status).toBe(405);
    else if (what === 'OPTIONS *') expect(answer?.status).toBeLessThan(500);
    else expectApiError(answer);
  });

  test('CONNECT is closed without a response', async () => {
    expect(await sendRaw(url, request('CONNECT parley:443 HTTP/1.1'))).toBeUndefined();
  });

  test('a truncated body gets no response and leaves the server ready', async () => {
    const bytes = Buffer.from(
      `POST /chat HTTP/1.1\r\nhost: p\r\n${KEY}\r\n${JSON_TYPE}\r\ncontent-length: 100\r\n\r\n{"agen`,
    );
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () =>
        socket.write(bytes, () => socket.destroy()),
      );
      socket.on('close', () => resolve());
    });
    expect((await rest('GET', '/healthz')).status).toBe(200);
  });

  test.each([
    ['in one piece', ['{"content":"chunked","role":"user"}']],
    ['in single bytes', [...'{"content":"chunked","role":"user"}']],
    ['with a character cut in two', ['{"content":"\xf0\x9f', '\x99\x82","role":"user"}']],
  ])('a chunked body %s is accepted', async (_, pieces) => {
    const chunks = pieces.map(
      (piece) => `${Buffer.byteLength(piece, 'latin1').toString(16)}\r\n${piece}\r\n`,
    );
    const bytes = Buffer.from(
      [
        `POST /chat/${chat.id}/message HTTP/1.1`,
        'host: p',
        CLOSE,
        KEY,
        JSON_TYPE,
        'transfer-encoding: chunked',
        '',
        ...[chunks.join('')].map((all) => `${all}0`),
        '',
        '',
      ].join('\r\n'),
      'latin1',
    );
    const answer = await sendRaw(url, bytes);
    expect(answer?.status).toBe(200);
    expect(answer?.body).toMatchObject({ content: expect.stringMatching(/^You said: (?:chunked|🙂)$/u) });
  });

  test('a chunked body above 512 KiB returns 413 for any declared length', async () => {
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const head = [
      `POST /chat HTTP/1.1`,
      'host: p',
      CLOSE,
      KEY,
      JSON_TYPE,
      'transfer-encoding: chunked',
      '',
      '',
    ];
    const answer = await sendRaw(url, `${head.join('\r\n')}${chunk.repeat(9)}0\r\n\r\n`);
    expect(answer).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
  });
});

const methods = fc.constantFrom(
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'SEARCH',
);
const segment = fc.oneof(
  fc.constantFrom(
    'chat',
    'message',
    'agent',
    chat.id,
    answerId,
    'healthz',
    'readyz',
    'stream',
    'events',
    'cancel',
    'retry',
    'docs',
    '..',
    '.',
    '',
    '%2e%2e',
    '%00',
    '%2F',
    '%5C',
    '%',
    '%zz',
    '%ff',
    '%C0%80',
    '%F0%9F%99%82',
    '__proto__',
    'constructor',
    '{chatId}',
    ':chatId',
    '*',
    '~',
    ';a=b',
    'a'.repeat(4_000),
  ),
  fc.string({ maxLength: 8 }).map((text) => encodeURIComponent(text.toWellFormed())),
);
const name = fc.constantFrom(
  'userId',
  'agentType',
  'limit',
  'cursor',
  'order',
  'chatId',
  'lastEventId',
  'userId[$ne]',
  '__proto__',
  'constructor',
  'input',
  'batch',
  '',
  '$where',
  '%00',
  '%zz',
);
const value = fc.oneof(
  fc.constantFrom(
    '',
    '1',
    '0',
    '-1',
    '1e9',
    'asc',
    'user_1',
    '%00',
    '%zz',
    '%ED%A0%80',
    '+',
    '[]',
    '{"$ne":null}',
    '%7B%7D',
    'a'.repeat(300),
  ),
  fc.string({ maxLength: 12 }).map((text) => encodeURIComponent(text.toWellFormed())),
);
const target = fc
  .tuple(
    fc.oneof(
      fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`),
      fc.constantFrom(
        ...[...restOperations, ...streamOperations].map(({ path }) =>
          path.replace('{chatId}', chat.id).replace('{messageId}', answerId),
        ),
      ),
    ),
    fc.array(
      fc.tuple(name, value).map((pair) => pair.join('=')),
      { maxLength: 3 },
    ),
  )
  .map(([path, query]) => (query.length > 0 ? `${path}?${query.join('&')}` : path));
const headers = fc.uniqueArray(
  fc.constantFrom(
    KEY,
    'x-api-key:',
    'x-api-key: undefined',
    'authorization: Bearer',
    `authorization: Bearer ${team.publishableKey}`,
    JSON_TYPE,
    'content-type: text/plain',
    'content-type: application/json; charset=utf-16',
    'content-type: multipart/form-data; boundary=x',
    'content-type:',
    'content-type: \xff',
    'accept: text/event-stream',
    'accept: text/event-stream, application/json',
    'last-event-id: 1-1-4',
    'last-event-id: 2.2',
    'last-event-id: \xff',
    'idempotency-key: k1',
    'idempotency-key:',
    `idempotency-key: ${'k'.repeat(256)}`,
    'accept: */*;q=broken',
    'origin: null',
    'origin: https://a.example',
    'access-control-request-method: POST',
    'accept-version: 9',
    'if-none-match: *',
    'range: bytes=0-',
    'x-http-method-override: DELETE',
    'trpc-accept: application/jsonl',
    'trpc-batch-mode: stream',
    'x-forwarded-for: ::1',
    'content-encoding: br',
    'te: trailers',
  ),
  { maxLength: 5 },
);
const jsonBody = fc
  .oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.dictionary(
      fc.constantFrom(
        'agentId',
        'userId',
        'metadata',
        'content',
        'role',
        'onBusy',
        'wait',
        'chatId',
        'messageId',
        'lastEventId',
        '__proto__',
        'constructor',
        '$where',
        'a.b',
        'json',
        '0',
      ),
      fc.oneof(
        fc.constantFrom<unknown>(
          team.agent.id,
          chat.id,
          answerId,
          'user',
          'hello',
          'interrupt',
          false,
          '',
          { $ne: null },
          { __proto__: null },
          null,
          1,
          [],
          'x'.repeat(33_000),
        ),
        fc.jsonValue({ maxDepth: 2 }),
      ),
    ),
  )
  .map((json) => JSON.stringify(json));
const body = fc.oneof(
  jsonBody,
  fc.uint8Array({ maxLength: 40 }),
  jsonBody.chain((json) => fc.nat(json.length).map((at) => json.slice(0, at))),
  fc.constantFrom(
    '',
    'null',
    '{"a":1,"a":2}',
    '{"content":"\\ud800","role":"user"}',
    '{"content":"a\\u0000","role":"user"}',
    '{"agentId":"\\udc00"}',
    '{"metadata":{"__proto__":{}},"agentId":"x"}',
    '[{"__proto__":1}]',
    '{"0":{"json":null}}',
    '{"userId":1e400}',
    'NaN',
    '\ufeff{}',
  ),
);

describe('random requests', () => {
  test('any REST request returns a documented status below 500', async () => {
    await fc.assert(
      fc.asyncProperty(methods, target, headers, body, async (method, path, sent, content) => {
        // An object that one request deletes would be missing for the next.
        const address = method === 'DELETE' ? path.replaceAll(chat.id, (await team.makeChat()).id) : path;
        const answer = await sendRaw(url, request(`${method} ${address} HTTP/1.1`, sent, content));
        expect(answer?.status).toBeLessThan(500);
      }),
      { numRuns: isLongForm() ? 1_200 : 150 },
    );
  });

  test('any tRPC request returns a status below 500, and every error has the envelope', async () => {
    const procedure = fc.constantFrom(
      'chat.create',
      'chat.list',
      'chat.get',
      'message.create',
      'message.list',
      'message.cancel',
      'message.retry',
      'message.follow',
      'chat.follow',
      'chat.followAll',
      'agent.list',
      'nope',
      'chat.list,chat.get',
      'chat.list,chat.list,nope',
      '__proto__',
    );
    const query = fc.oneof(
      fc.constantFrom(
        '',
        '?batch=1',
        '?batch=1&input={}',
        '?input=',
        '?input={',
        '?input=null',
        '?input=%zz',
        '?batch=x&input=[]',
      ),
      jsonBody.map((json) => `?input=${encodeURIComponent(json.toWellFormed())}`),
      jsonBody.map(
        (json) => `?batch=1&input=${encodeURIComponent(`{"0":${json},"1":${json}}`.toWellFormed())}`,
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof({ weight: 4, arbitrary: fc.constantFrom('GET', 'POST') }, methods),
        procedure,
        query,
        headers,
        body,
        async (method, path, search, sent, content) => {
          fc.pre(search.length < 10_000);
          const answer = await sendUnchecked(
            url,
            request(`${method} /trpc/${path}${search} HTTP/1.1`, sent, content),
          );
          expect(answer?.status).toBeLessThan(500);
          const requestId = answer?.headers.get('x-request-id');
          for (const one of [answer?.body].flat()) expectTrpcShape(one, requestId);
        },
      ),
      { numRuns: isLongForm() ? 600 : 75 },
    );
  });
});
