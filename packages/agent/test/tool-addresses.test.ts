import { type ScriptedTool, scripts, startScriptedTool } from '@parley/agent/testing';
import ipaddr from 'ipaddr.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { problemOfToolUrl } from '../src/index.ts';
import { createPostJson } from '../src/tools/post-json.ts';
import {
  type FoundAddress,
  isPlatformAddress,
  isPublicAddress,
  type ToolLookup,
} from '../src/tools/tool-address.ts';
import { ToolFailure } from '../src/tools/tool-failure.ts';
import { startHarness } from './harness.ts';

/* No spelling or resolution of an address gives tools access to the machine or its networks (OWASP API 7). */

let tool: ScriptedTool;
beforeAll(async () => {
  tool = await startScriptedTool();
});
afterAll(() => tool.stop());

const portOf = (url: string) => new URL(url).port;
const failureOf = (posted: Promise<string>) =>
  posted.then(
    (text) => `answered ${text}`,
    (error: unknown) => (error instanceof ToolFailure ? error.reason : error),
  );
const post = (url: string, lookup?: ToolLookup) =>
  createPostJson({ arePrivateAllowed: false, lookup })({
    ...{ url, headers: {}, body: '{}', timeoutMs: 5_000, responseBytesMax: 1_000 },
    signal: new AbortController().signal,
  });

describe('addresses that are not of the public internet', () => {
  test.each([
    ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.127.255.255', '127.0.0.1'],
    ...['127.255.255.254', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.1', '192.0.2.1'],
    ...['192.88.99.1', '192.168.0.1', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1'],
    ...['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
    ...['::', '::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:7f00:1', '::127.0.0.1', '::8.8.8.8'],
    ...[
      '64:ff9b::7f00:1',
      '64:ff9b::8.8.8.8',
      '64:ff9b:1::1',
      '100::1',
      'fc00::1',
      'fd12:3456::1',
      'fe80::1',
    ],
    ...['fe80::1%eth0', 'fec0::1', 'ff02::1', '2001::1', '2001:2::1', '2001:10::1', '2001:20::1'],
    ...['2001:db8::1', '2002:7f00:1::1', '2002:808:808::1', '3fff::1', '5f00::1', '4000::1'],
    ...['localhost', '', '1.2.3', 'example.com'],
  ])('%s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('addresses of cloud platforms', () => {
  test.each([
    ...['168.63.129.16', '169.254.169.254', '169.254.170.2', '100.100.100.200', '192.0.0.192'],
    ...['161.26.0.10', '166.9.1.1', '199.36.153.4', '199.36.153.11'],
    ...['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', 'fd00:c1::a9fe:a9fe', 'fd00:42::42', 'fe80::1'],
    ...['fe80::a9fe:a9fe%eth0', '::ffff:169.254.169.254', '::ffff:a83f:8110', '64:ff9b::a9fe:a9fe'],
  ])('%s is neither public nor ever called', async (address) => {
    expect(isPublicAddress(address)).toBe(false);
    expect(isPlatformAddress(address)).toBe(true);
    const url = `https://${address.includes(':') ? `[${address}]` : address}/`;
    const posted = (toUrl: string, lookup?: ToolLookup) =>
      createPostJson({ arePrivateAllowed: true, lookup })({
        ...{ url: toUrl, headers: {}, body: '{}', timeoutMs: 5_000, responseBytesMax: 1_000 },
        signal: new AbortController().signal,
      });
    const lookup: ToolLookup = (_name, _options, callback) =>
      callback(null, [{ address, family: address.includes(':') ? 6 : 4 }]);
    expect(await failureOf(posted('https://tools.example/', lookup))).toBe('refused_address');
    // A URL cannot contain a zone.
    if (address.includes('%')) return;
    expect(problemOfToolUrl(url, { arePrivateAllowed: false })).toBe(
      'must be an address of the public internet',
    );
    expect(problemOfToolUrl(url, { arePrivateAllowed: true })).toMatch(/^must not be an address of a cloud/);
    expect(await failureOf(posted(url))).toBe('refused_address');
  });

  test.each(['10.0.0.1', '127.0.0.1', '::1', '192.168.1.1', 'fd12:3456::1'])(
    '%s is called if private addresses are allowed',
    (address) => {
      expect(isPlatformAddress(address)).toBe(false);
      const url = `http://${address.includes(':') ? `[${address}]` : address}/`;
      expect(problemOfToolUrl(url, { arePrivateAllowed: true })).toBeUndefined();
    },
  );
});

/*
 * The special-purpose registries of IANA, checked at both ends of each network: `ipaddr.js` must know all of them.
 * https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry
 */
describe('the ends of special-purpose networks', () => {
  test.each([
    ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
    ...['192.0.0.0/24', '192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24'],
    ...['192.168.0.0/16', '192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
    ...['224.0.0.0/4', '240.0.0.0/4'],
    ...['::/3', '4000::/2', '8000::/1', '2001::/23', '2001:db8::/32', '2002::/16'],
    ...['2620:4f:8000::/48', '3fff::/20'],
  ])('both ends of %s are not public', (network) => {
    const family = network.includes(':') ? ipaddr.IPv6 : ipaddr.IPv4;
    const [first, bits] = ipaddr.parseCIDR(network);
    const bytes = first.toByteArray();
    const last = ipaddr.fromByteArray(
      bytes.map((byte, index) => byte | (0xff >> Math.min(Math.max(bits - index * 8, 0), 8))),
    );
    expect(family.isValid(last.toString())).toBe(true);
    expect(isPublicAddress(first.toString())).toBe(false);
    expect(isPublicAddress(last.toString())).toBe(false);
  });
});

describe('URLs with a name of no public name server', () => {
  test.each([
    ...['localhost', 'LOCALHOST', 'localhost.', 'api.localhost', 'tools', 'printer.local'],
    ...['metadata.google.internal', 'metadata.google.internal.', 'router.home.arpa'],
  ])('%s is rejected before it is looked up', async (host) => {
    const url = `https://${host}/`;
    let lookUps = 0;
    const lookup: ToolLookup = (_name, _options, callback) => {
      lookUps++;
      callback(null, [{ address: '8.8.8.8', family: 4 }]);
    };
    expect(problemOfToolUrl(url, { arePrivateAllowed: false })).toBe(
      'must be an address of the public internet',
    );
    expect(await failureOf(post(url, lookup))).toBe('refused_address');
    expect(lookUps).toBe(0);
    expect(problemOfToolUrl(url, { arePrivateAllowed: true })).toBeUndefined();
  });
});

describe('public addresses', () => {
  test.each([
    ...[
      '8.8.8.8',
      '1.1.1.1',
      '9.255.255.255',
      '11.0.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '126.255.255.255',
    ],
    ...['128.0.0.0', '169.253.255.255', '172.15.255.255', '172.32.0.0', '192.167.255.255', '192.169.0.0'],
    ...['223.255.255.255', '2606:4700:4700::1111', '2a00:1450:4001:800::200e', '2001:4860:4860::8888'],
  ])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});

describe('a URL that names the machine itself', () => {
  const spellings = [
    ...[
      '127.0.0.1',
      '127.1',
      '127.0.1',
      '2130706433',
      '0x7f000001',
      '0x7f.0.0.1',
      '017700000001',
      '0177.0.0.1',
    ],
    ...['0', '0.0.0.0', '[::1]', '[::]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]'],
    ...[
      '[::127.0.0.1]',
      '[64:ff9b::7f00:1]',
      '[2002:7f00:1::]',
      '127.0.0.1.',
      '①②⑦.⓪.⓪.①',
      '%31%32%37.0.0.1',
    ],
    ...['10.1.2.3', '169.254.169.254', '[fd00:ec2::254]', '192.168.1.1', '100.100.100.200'],
  ];

  test.each(spellings)('a URL of the machine itself as %s is not called', async (host) => {
    const url = `https://${host}:${portOf(tool.url)}/tool`;
    expect(problemOfToolUrl(url, { arePrivateAllowed: false })).toBeDefined();
    expect(await failureOf(post(url))).toBe('refused_address');
    expect(tool.calls()).toEqual([]);
  });

  test('a URL without TLS is not called anywhere', async () => {
    expect(await failureOf(post('http://example.com/'))).toBe('refused_address');
    expect(problemOfToolUrl('http://example.com/', { arePrivateAllowed: false })).toBe('must be https');
  });
});

describe('a name', () => {
  const answering =
    (...rounds: (readonly FoundAddress[])[]): ToolLookup =>
    (_name, _options, callback) =>
      callback(null, rounds.shift() ?? []);
  const publicOne = { address: '203.0.112.1', family: 4 };
  const url = () => `https://rebinding.example:${portOf(tool.url)}/tool`;

  test('a name of a private address is not called', async () => {
    expect(await failureOf(post(url(), answering([{ address: '127.0.0.1', family: 4 }])))).toBe(
      'refused_address',
    );
    expect(await failureOf(post(url(), answering([{ address: '::1', family: 6 }])))).toBe('refused_address');
  });

  test('a name with one private address is not called', async () => {
    const mixed = answering([publicOne, { address: '127.0.0.1', family: 4 }]);
    expect(await failureOf(post(url(), mixed))).toBe('refused_address');
  });

  test('a name without an address is not called', async () => {
    expect(await failureOf(post(url(), answering([])))).toBe('refused_address');
    const failing: ToolLookup = (_name, _options, callback) => callback(new Error('ENOTFOUND'), []);
    expect(await failureOf(post(url(), failing))).toBe('unreachable');
  });

  test('a name is looked up once for a call, and the connection uses that address', async () => {
    let lookUps = 0;
    const rebinding: ToolLookup = (_name, _options, callback) => {
      lookUps++;
      callback(null, lookUps === 1 ? [publicOne] : [{ address: '127.0.0.1', family: 4 }]);
    };
    const once = createPostJson({ arePrivateAllowed: false, lookup: rebinding })({
      ...{ url: url(), headers: {}, body: '{}', timeoutMs: 300, responseBytesMax: 1_000 },
      signal: new AbortController().signal,
    });
    expect(['timeout', 'unreachable']).toContain(await failureOf(once));
    expect(lookUps).toBe(1);
    // The next call resolves the name again, and is rejected.
    expect(await failureOf(post(url(), rebinding))).toBe('refused_address');
    expect(tool.calls()).toEqual([]);
  });
});

test('a redirect is not followed', async () => {
  const target = await startScriptedTool();
  const harness = await startHarness({}, { toolAddresses: { arePrivateAllowed: true } });
  tool.answer((response) => {
    response.writeHead(307, { location: target.url });
    response.end();
  });
  harness.model.reply(scripts.toolCalls([{ name: 't' }]), scripts.echoResults());
  const tools = [{ name: 't', description: 'd', parameters: { type: 'object' }, url: tool.url }];
  expect((await harness.start({ agent: { tools } }).outcome).text).toBe('Results: The tool failed.');
  expect(target.calls()).toEqual([]);
  await target.stop();
});

test('an agent does not call private tools unless they are allowed', async () => {
  const harness = await startHarness();
  const before = tool.calls().length;
  harness.model.reply(scripts.toolCalls([{ name: 't' }]), scripts.echoResults());
  const tools = [{ name: 't', description: 'd', parameters: { type: 'object' }, url: tool.url }];
  const { text } = await harness.start({ agent: { tools } }).outcome;
  expect(text).toBe('Results: The tool could not be reached.');
  expect(tool.calls()).toHaveLength(before);
});
