import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { createLog } from '../log.ts';
import { peerAddress } from './client-address.ts';
import { boundConnections } from './connections.ts';

const server = createServer();
afterAll(() => void server.close());

test('one address has so many connections, and more when some are closed', async () => {
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

test('proxies and private networks have no bound of their own', () => {
  const from = (remoteAddress: string, trusts: Parameters<typeof peerAddress>[1] = false) =>
    peerAddress({ remoteAddress }, trusts)?.text;
  expect(['127.0.0.1', '10.0.0.1', '::1', 'fd00::1', '::ffff:192.168.1.1'].map((one) => from(one))).toEqual(
    Array(5).fill(undefined),
  );
  expect(from('198.51.1.1', () => true)).toBeUndefined();
  expect(from('8.8.8.8')).toBe('8.8.8.8');
  expect(from('2600:1:2:3::4')).toBe('2600:1:2:3::/64');
});
