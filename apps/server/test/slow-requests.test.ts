import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { DEFAULT_TIMES, timeOptions } from '../src/gate/connections.ts';
import { startHarness } from './harness.ts';

/* A client that sends slowly, or opens too many connections, cannot occupy resources for long. */

const slow = await startHarness({ connectionTimes: { headersMs: 300, requestMs: 900 } });
/** Only the header timeout can end a request here. */
const slowHeaders = await startHarness({ connectionTimes: { headersMs: 300, requestMs: 600_000 } });

interface Connection {
  readonly socket: Socket;
  /** The whole response, once the connection is closed. */
  readonly closed: Promise<string>;
}

function open(url: string): Connection {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  // The server may close while we write.
  socket.on('error', () => undefined);
  return { socket, closed: new Promise((resolve) => socket.once('close', () => resolve(text))) };
}

/** Sends `start`, and then one byte at a time until the connection is closed. */
async function trickle(url: string, start: string, piece: string): Promise<string> {
  const { socket, closed } = open(url);
  socket.write(start);
  const timer = setInterval(() => socket.writable && socket.write(piece), 50);
  const text = await closed;
  clearInterval(timer);
  return text;
}

const HEAD = `POST /chat HTTP/1.1\r\nhost: p\r\n`;

describe('requests that never become complete', () => {
  test('a request with slow headers returns 408 and its connection is closed', async () => {
    const answer = await trickle(slowHeaders.url, HEAD, 'x-a: b\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(answer).toContain('"code":"request_timeout"');
  });

  test('a request with a slow body returns 408 and its connection is closed', async () => {
    const team = await slow.makeTeam();
    const head = `${HEAD}x-api-key: ${team.secretKey}\r\ncontent-type: application/json\r\ncontent-length: 500000\r\n\r\n{`;
    expect(await trickle(slow.url, head, ' ')).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  });

  test('a connection is closed also if its client ignores the response', async () => {
    const { port, hostname } = new URL(slow.url);
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    socket.on('error', () => undefined).resume();
    const timer = setInterval(() => socket.writable && socket.write('x'), 50);
    socket.write(HEAD);
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    clearInterval(timer);
  });
});

test('a connection that was opened in advance can send its first request later than the header timeout', async () => {
  const { socket, closed } = open(slow.url);
  // By then Node has checked the connection several times.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  socket.write('GET /healthz HTTP/1.1\r\nhost: p\r\nconnection: close\r\n\r\n');
  expect(await closed).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});

test('a connection that was opened in advance has the header timeout from its first byte', async () => {
  const { socket, closed } = open(slowHeaders.url);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  const timer = setInterval(() => socket.writable && socket.write('x-a: b\r\n'), 50);
  socket.write(HEAD);
  expect(await closed).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  clearInterval(timer);
});

test('a connection without any request is closed without a response', async () => {
  const short = await startHarness({ connectionTimes: { headersMs: 100, requestMs: 100, unusedMs: 100 } });
  expect(await open(short.url).closed).toBe('');
});

test('a stream that lasts longer than the request timeout continues', async () => {
  const team = await slow.makeTeam();
  const gate = slow.model.hold();
  const { id } = await team.makeChat();
  const stream = await team.stream(id, 'takes a while');
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  gate.release();
  expect((await stream.rest()).at(-1)?.data).toBe('[DONE]');
});

test('the default server has 10 s for headers and 30 s for a request, and checks them each second', () => {
  expect(DEFAULT_TIMES).toMatchObject({ headersMs: 10_000, requestMs: 30_000, unusedMs: 75_000 });
  // By default Node checks every 30 s, so a slow client would keep its connection for up to a minute.
  expect(timeOptions(DEFAULT_TIMES)).toEqual({
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    connectionsCheckingInterval: 1_000,
  });
});

test('connections beyond the limit are closed, and the log says so once', async () => {
  const small = await startHarness({ connections: { max: 3 } });
  const held = Array.from({ length: 3 }, () => open(small.url));
  await Promise.all(
    held.map(({ socket }) => new Promise<void>((resolve) => socket.once('connect', () => resolve()))),
  );
  for (let excess = 0; excess < 3; excess++) expect(await open(small.url).closed).toBe('');
  const line = await small.log.find(({ msg }) => msg.includes('CONNECTIONS_MAX'));
  expect(line).toMatchObject({ level: 'warn', max: 3 });
  expect(small.log.all(({ msg }) => msg.includes('CONNECTIONS_MAX'))).toHaveLength(1);
  for (const { socket } of held) socket.destroy();
  await expect
    .poll(async () => (await fetch(`${small.url}/healthz`).catch(() => undefined))?.status)
    .toBe(200);
});
