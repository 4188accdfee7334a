import { limits } from '@parley/contract';
import { expect, test } from 'vitest';
import { clientAddress } from './client-address.ts';

/* `TRUST_PROXY` is off. A peer in a private network that forwards requests is a proxy that the operator did not name. */

/** The peers in private networks, each with the text that rate limits count. */
const privatePeers = [
  ['10.0.0.1', '10.0.0.1'],
  ['10.255.255.254', '10.255.255.254'],
  ['172.16.0.1', '172.16.0.1'],
  ['172.31.255.254', '172.31.255.254'],
  ['192.168.1.1', '192.168.1.1'],
  ['100.64.0.1', '100.64.0.1'],
  ['100.127.255.254', '100.127.255.254'],
  ['127.0.0.1', '127.0.0.1'],
  ['169.254.1.1', '169.254.1.1'],
  ['::1', '0:0:0:0::/64'],
  ['fc00::1', 'fc00:0:0:0::/64'],
  ['fd12:3456:789a:1::1', 'fd12:3456:789a:1::/64'],
  ['fe80::1', 'fe80:0:0:0::/64'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
] as const;

/** Public peers, some of them directly beside a private network. */
const publicPeers = [
  ['9.255.255.255', '9.255.255.255'],
  ['11.0.0.1', '11.0.0.1'],
  ['172.15.255.255', '172.15.255.255'],
  ['172.32.0.1', '172.32.0.1'],
  ['192.167.255.255', '192.167.255.255'],
  ['192.169.0.1', '192.169.0.1'],
  ['100.63.255.255', '100.63.255.255'],
  ['100.128.0.1', '100.128.0.1'],
  ['203.0.113.8', '203.0.113.8'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2a00:1450:4001:81b::1', '2a00:1450:4001:81b::/64'],
  ['::ffff:203.0.113.8', '203.0.113.8'],
] as const;

/** The headers by which a proxy says that it forwards a request, each alone. */
const forwardingHeaders = [
  { 'x-forwarded-for': '198.51.100.7' },
  { 'x-real-ip': '198.51.100.7' },
  { forwarded: 'for=198.51.100.7' },
];

const at = (remoteAddress: string, headers: Readonly<Record<string, string>>) =>
  clientAddress({ headers, socket: { remoteAddress } }, false);

/** Every peer with every header: the name of the header, its value, the peer and its text. */
const cases = (peers: readonly (readonly [string, string])[]) =>
  peers.flatMap(([peer, text]) =>
    forwardingHeaders.map((headers) => ({ peer, text, headers, header: Object.keys(headers).join() })),
  );

test.each(cases(privatePeers))(
  'a peer at $peer that sends only $header is an unnamed proxy, whose limits have shares',
  ({ peer, text, headers }) => {
    const client = at(peer, headers);
    expect(client).toEqual({ text, isUnnamedProxy: true, share: expect.any(Number) });
    expect(client.share).toBeGreaterThanOrEqual(0);
    expect(client.share).toBeLessThan(limits.unnamedProxyFactor);
  },
);

test.each(cases(publicPeers))(
  'a peer at $peer that sends only $header counts for its own address, without a share',
  ({ peer, text, headers }) => {
    expect(at(peer, headers)).toEqual({ text, isUnnamedProxy: false });
  },
);

test.each([...privatePeers, ...publicPeers])(
  'a peer at %s without a forwarding header counts for its own address, without a share',
  (peer, text) => {
    expect(at(peer, {})).toEqual({ text, isUnnamedProxy: false });
  },
);

test.each(forwardingHeaders)('the share of an unnamed proxy follows the client that %o names', (headers) => {
  const clients = Array.from({ length: 100 }, (_, index) => `203.0.113.${index}`);
  const shareAt = (client: string) =>
    at(
      '10.0.0.1',
      Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, value.replace('198.51.100.7', client)]),
      ),
    ).share;
  const shares = clients.map(shareAt);
  expect(clients.map(shareAt)).toEqual(shares);
  expect(new Set(shares).size).toBeGreaterThan(1);
});
