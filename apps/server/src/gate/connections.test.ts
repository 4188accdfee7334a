import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { createLog } from '../log.ts';
import { peerAddress } from './client-address.ts';
import { boundConnections, cutStalledReader, keepUnused } from './connections.ts';

const server = createServer();
afterAll(() => void server.close());

test('an address gets new connections within its maximum once others are closed', async () => {
  boundConnections(server, {
    bounds: { max: 100, perAddress: 2 },
    addressOf: () => ({ text: '203.0.113.1', isUnnamedProxy: false }),
    log: createLog('silent'),
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const open = async () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    await once(socket, 'connect');
    return socket;
  };
  const [first, second] = [await open(), await open()];
  await once(await open(), 'close');
  first.destroy();
  await once(first, 'close');
  await expect
    .poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count))))
    .toBe(1);
  const third = await open();
  third.write('GET / HTTP/1.1\r\n');
  expect(third.destroyed).toBe(false);
  second.destroy();
  third.destroy();
});

test('an IPv6 /48 has four times the connections of each of its addresses', async () => {
  const bounded = createServer();
  let network = 0;
  boundConnections(bounded, {
    bounds: { max: 100, perAddress: 1 },
    addressOf: () => ({ text: `2001:db8:1:${network++}::/64`, isUnnamedProxy: false }),
    log: createLog('silent'),
  });
  await once(bounded.listen(0, '127.0.0.1'), 'listening');
  const { port } = bounded.address() as AddressInfo;
  const sockets = [];
  for (let index = 0; index < 5; index++) {
    const socket = connect(port, '127.0.0.1')
      .on('error', () => undefined)
      .resume();
    await once(socket, 'connect');
    sockets.push(socket);
  }
  await once(sockets[4] ?? bounded, 'close');
  expect(sockets.slice(0, 4).map(({ destroyed }) => destroyed)).toEqual([false, false, false, false]);
  for (const socket of sockets) socket.destroy();
  bounded.close();
});

test('proxies and private networks have no maximum of connections', () => {
  const from = (remoteAddress: string, trusts: Parameters<typeof peerAddress>[1] = false) =>
    peerAddress({ remoteAddress }, trusts)?.text;
  expect(['127.0.0.1', '10.0.0.1', '::1', 'fd00::1', '::ffff:192.168.1.1'].map((one) => from(one))).toEqual(
    Array(5).fill(undefined),
  );
  expect(from('198.51.1.1', () => true)).toBeUndefined();
  expect(from('8.8.8.8')).toBe('8.8.8.8');
  expect(from('2600:1:2:3::4')).toBe('2600:1:2:3::/64');
});

describe('a client that reads nothing', () => {
  const answering = createServer();
  afterAll(() => void answering.close());
  const nextResponse = async () => (await once(answering, 'request'))[1] as ServerResponse;
  /** A client that has sent a request and reads no answer. */
  async function ask() {
    if (!answering.listening) await once(answering.listen(0, '127.0.0.1'), 'listening');
    const responding = nextResponse();
    const socket = connect((answering.address() as AddressInfo).port, '127.0.0.1').pause();
    socket.on('error', () => undefined).write('GET / HTTP/1.1\r\nhost: p\r\nconnection: close\r\n\r\n');
    return { socket, response: await responding };
  }

  test('loses its connection while a response waits for it', async () => {
    const { socket, response } = await ask();
    cutStalledReader(response, 50);
    const closed = once(response, 'close');
    // Far more than the kernel holds for a connection.
    response.end(Buffer.alloc(64 * 1024 * 1024));
    await closed;
    expect(response.writableFinished).toBe(false);
    socket.destroy();
  });

  test('keeps its connection while no response waits, and gets its response', async () => {
    const { socket, response } = await ask();
    cutStalledReader(response, 50);
    await once(response, 'timeout');
    response.end('late');
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) text += chunk;
    expect(text).toContain('late');
  });
});

describe('a connection on which nothing was sent when Node would end it', () => {
  const TIMEOUT = { code: 'ERR_HTTP_REQUEST_TIMEOUT' };
  const accepting = createTcpServer();
  afterAll(() => void accepting.close());
  afterEach(() => void vi.useRealTimers());

  /** Both ends of a new connection. */
  async function open(): Promise<{ readonly client: Socket; readonly socket: Socket }> {
    if (!accepting.listening) await once(accepting.listen(0, '127.0.0.1'), 'listening');
    const accepted = once(accepting, 'connection') as Promise<[Socket]>;
    const client = connect((accepting.address() as AddressInfo).port, '127.0.0.1');
    const [socket] = await accepted;
    return { client, socket };
  }

  test('an unused connection is closed after the time that unused connections are kept', async () => {
    const { client, socket } = await open();
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    expect(keepUnused(TIMEOUT, socket, 1_000)).toBe(true);
    vi.advanceTimersByTime(999);
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(socket.destroyed).toBe(true);
    client.destroy();
  });

  test('stays open if something is sent in that time', async () => {
    const { client, socket } = await open();
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    expect(keepUnused(TIMEOUT, socket, 1_000)).toBe(true);
    client.write('GET ');
    await once(socket, 'data');
    vi.advanceTimersByTime(1_000);
    expect(socket.destroyed).toBe(false);
    client.destroy();
  });

  test('a connection is not kept for any other error, nor once something was sent', async () => {
    const { client, socket } = await open();
    expect(keepUnused({ code: 'HPE_INVALID_METHOD' }, socket, 1_000)).toBe(false);
    client.write('GET ');
    await once(socket, 'data');
    expect(keepUnused(TIMEOUT, socket, 1_000)).toBe(false);
    client.destroy();
  });
});
