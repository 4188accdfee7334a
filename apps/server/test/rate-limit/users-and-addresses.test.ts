import { ApiError } from '@parley/contract';
import { mintApiKey } from '@parley/db';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { parseTrustProxy } from '../../src/gate/client-address.ts';
import { startHarness } from '../harness.ts';
import { trpcBatch } from '../support/trpc-batch.ts';

/* One visitor does not use up the limits of others. OWASP API 4, unrestricted resource consumption. */

const behindProxy = await startHarness({
  rateLimits: { user: 5, address: 8, unidentified: 6, newVisitors: 10 },
  trustProxy: parseTrustProxy('loopback'),
});
const direct = await startHarness({ rateLimits: { publishable: 20, address: 8, unidentified: 8 } });

const keyLimited = await startHarness({
  rateLimits: { publishable: 100, unidentified: 4 },
  trustProxy: parseTrustProxy('loopback'),
});

let isUnreachable = false;
const losing = await startHarness({
  rateLimits: { address: 4 },
  alter: (database) => {
    const { apiKeys } = database.stores;
    const find: typeof apiKeys.find = (key) =>
      isUnreachable ? Promise.reject(new ApiError('database_unavailable')) : apiKeys.find(key);
    return { ...database, stores: { ...database.stores, apiKeys: { ...apiKeys, find } } };
  },
});

// The clock stays in the middle of one minute, so that no test crosses into the next. It is a past one, because all later ids
// of a process follow those of the future.
vi.useFakeTimers({ toFake: ['Date'], now: Math.floor(Date.now() / 60_000) * 60_000 - 570_000 });
afterAll(() => void vi.useRealTimers());

let last = 0;
/** A new address without requests. */
const newAddress = () => `203.0.113.${++last}`;

async function statuses(
  count: number,
  headersOf: (index: number) => Record<string, string>,
  { url } = behindProxy,
): Promise<number[]> {
  const found: number[] = [];
  for (let index = 0; index < count; index++) {
    found.push((await fetch(`${url}/agent`, { headers: headersOf(index) })).status);
  }
  return found;
}
const ok = (count: number) => Array.from({ length: count }, () => 200);
const allowed = (found: readonly number[]) => found.filter((status) => status !== 429).length;

test('a user has a limit of requests a minute from any address, and another user has their own', async () => {
  const team = await behindProxy.makeTeam();
  const key = await team.guestKey();
  const [one, other] = [await team.makeGuest(), await team.makeGuest()];
  const as = (token: string) => () => ({
    'x-api-key': key,
    'x-user-token': token,
    'x-forwarded-for': newAddress(),
  });
  expect(await statuses(6, as(one.token))).toEqual([...ok(5), 429]);
  expect(await statuses(1, as(other.token))).toEqual([200]);
});

describe('the requests of an address', () => {
  test('an address has one limit for all publishable keys, and secret keys do not count', async () => {
    const teams = [await behindProxy.makeTeam(), await behindProxy.makeTeam()];
    const address = newAddress();
    const with_ = (key: (index: number) => string | undefined) => (index: number) => ({
      'x-api-key': key(index) ?? '',
      'x-forwarded-for': address,
    });
    const mixed = await statuses(
      9,
      with_((index) => teams[index % 2]?.publishableKey),
    );
    expect(mixed).toEqual([...ok(8), 429]);
    expect(
      await statuses(
        10,
        with_(() => teams[0]?.secretKey),
      ),
    ).toEqual(ok(10));
  });

  test('an address that guesses keys is rejected before valid keys of the same address are', async () => {
    const team = await behindProxy.makeTeam();
    const address = newAddress();
    const with_ = (key: string) => () => ({ 'x-api-key': key, 'x-forwarded-for': address });
    // The server has cached the key before the attack begins.
    await statuses(1, with_(team.secretKey));
    const found = await statuses(8, () => with_(mintApiKey('secret'))());
    expect(found).toEqual([...Array.from({ length: 6 }, () => 401), 429, 429]);
    expect(await statuses(1, with_(team.secretKey))).toEqual([200]);
  });

  test('requests that are rejected with 403 get 429 beyond the limit of unidentified requests', async () => {
    const team = await behindProxy.makeTeam();
    const blocked = { 'x-api-key': await team.guestKey(), 'x-user-token': await team.userToken('user_1') };
    expect((await team.rest('PUT', '/user/user_1/block')).status).toBe(200);
    for (const headers of [blocked, { 'x-api-key': team.secretKey, origin: 'https://evil.example' }]) {
      const address = newAddress();
      const found = await statuses(8, () => ({ ...headers, 'x-forwarded-for': address }));
      expect(found).toEqual([...Array.from({ length: 6 }, () => 403), 429, 429]);
    }
  });

  test('requests without the required user token do not use up the key', async () => {
    const team = await keyLimited.makeTeam();
    const key = await team.guestKey();
    const guest = await team.makeGuest();
    const found = await statuses(
      6,
      () => ({ 'x-api-key': key, 'x-forwarded-for': '203.0.113.200' }),
      keyLimited,
    );
    expect(found).toEqual([...Array.from({ length: 4 }, () => 401), 429, 429]);
    const headers = { 'x-api-key': key, 'x-user-token': guest.token, 'x-forwarded-for': '203.0.113.201' };
    const { headers: answered } = await fetch(`${keyLimited.url}/agent`, { headers });
    expect(answered.get('x-ratelimit-remaining')).toBe('99');
  });

  test('an IPv6 /64 counts as one address', async () => {
    const { publishableKey } = await behindProxy.makeTeam();
    const from = (text: (index: number) => string) => (index: number) => ({
      'x-api-key': publishableKey,
      'x-forwarded-for': text(index),
    });
    expect(
      allowed(
        await statuses(
          9,
          from((index) => `2001:db8:1:2::${index + 1}`),
        ),
      ),
    ).toBe(8);
    expect(
      await statuses(
        1,
        from(() => '2001:db8:1:3::1'),
      ),
    ).toEqual([200]);
  });

  test('the first address of a forwarding chain is not trusted, and the one that our proxy saw counts', async () => {
    const { publishableKey } = await behindProxy.makeTeam();
    const address = newAddress();
    const lying = (index: number) => ({
      'x-api-key': publishableKey,
      'x-forwarded-for': `198.51.100.${index}, ${address}`,
    });
    expect(allowed(await statuses(9, lying))).toBe(8);
  });

  test('the addresses of an IPv6 /48 share four times the limit', async () => {
    const { publishableKey } = await behindProxy.makeTeam();
    const found = await statuses(40, (index) => ({
      'x-api-key': publishableKey,
      'x-forwarded-for': `2001:db8:9:${(index + 1).toString(16)}::1`,
    }));
    expect(allowed(found)).toBe(32);
  });

  test.each([
    ['with a port', '203.0.113.99:4711'],
    ['quoted', '"203.0.113.99"'],
    ['with blanks', ' 203.0.113.99 '],
    ['as an IPv6 address in brackets', '[::ffff:203.0.113.99]:4711'],
  ])('an address counts as the same %s', async (_, text) => {
    const { publishableKey } = await behindProxy.makeTeam();
    const from = (value: string) => () => ({ 'x-api-key': publishableKey, 'x-forwarded-for': value });
    vi.setSystemTime(Date.now() + 60_000);
    expect(await statuses(4, from('203.0.113.99'))).toEqual(ok(4));
    expect(allowed(await statuses(5, from(text)))).toBe(4);
  });

  test.each(['unknown', '_hidden', '10.1', '', '203.0.113.999'])(
    'an address that a proxy writes as %j counts as the proxy’s own',
    async (text) => {
      const { publishableKey } = await behindProxy.makeTeam();
      vi.setSystemTime(Date.now() + 60_000);
      const unreadable = () => ({ 'x-api-key': publishableKey, 'x-forwarded-for': text });
      expect(await statuses(4, unreadable)).toEqual(ok(4));
      // The proxy's own requests, without the header, count with them.
      expect(allowed(await statuses(5, () => ({ 'x-api-key': publishableKey })))).toBe(4);
    },
  );

  test('an address has a separate limit for creating guests', async () => {
    const team = await behindProxy.makeTeam();
    const key = await team.guestKey();
    const address = newAddress();
    const headers = { 'x-forwarded-for': address };
    const found: number[] = [];
    for (let index = 0; index < 12; index++) {
      found.push((await behindProxy.rest('POST', '/guest', { key, headers })).status);
    }
    expect(found).toEqual([...ok(10), 429, 429]);
    expect((await behindProxy.rest('GET', '/agent', { key: team.publishableKey, headers })).status).toBe(200);
  });
});

describe('a proxy that TRUST_PROXY does not name', () => {
  test('all visitors behind it share one address with the limit of a key, and the server says once what to do', async () => {
    const { publishableKey } = await direct.makeTeam();
    const other = await direct.makeTeam();
    let index = 0;
    const forwarded = () => ({
      'x-api-key': [publishableKey, other.publishableKey][index++ % 2] ?? '',
      'x-forwarded-for': newAddress(),
    });
    expect(allowed(await statuses(24, forwarded, direct))).toBe(20);
    const lines = direct.log.all(({ msg }) => msg.includes('TRUST_PROXY'));
    expect(lines).toMatchObject([{ level: 'warn' }]);
    const { body } = await direct.rest<{ notices?: object[] }>('GET', '/readyz');
    expect(body.notices).toMatchObject([
      { code: 'proxy_not_trusted', message: expect.stringContaining('TRUST_PROXY') },
    ]);
  });

  test('a request that is not forwarded counts for its own address', async () => {
    vi.setSystemTime(Date.now() + 60_000);
    const { publishableKey } = await direct.makeTeam();
    expect(allowed(await statuses(9, () => ({ 'x-api-key': publishableKey }), direct))).toBe(8);
  });
});

test('a batch counts as many requests as it has calls', async () => {
  const harness = await startHarness({ rateLimits: { publishable: 10 } });
  const { publishableKey } = await harness.makeTeam();
  const headers = { 'x-api-key': publishableKey };
  const batch = (size: number) =>
    trpcBatch(harness.url, Array(size).fill('agent.list'), Array(size).fill({}), headers);
  expect((await batch(8)).map(({ status }) => status)).toEqual(ok(8));
  expect((await batch(3)).map(({ status }) => status)).toEqual([429, 429, 429]);
  expect((await batch(2)).map(({ status }) => status)).toEqual(ok(2));
});

test('TRUST_PROXY=off trusts no proxy', () => {
  expect(parseTrustProxy('off')).toBe(false);
});

test('TRUST_PROXY accepts addresses, networks and the names of networks', () => {
  const trust = parseTrustProxy('10.0.0.0/8, 2001:db8::1,loopback');
  if (trust === false) throw new Error('it trusts nobody');
  const trusted = ['10.1.2.3', '2001:db8::1', '127.0.0.1', '::1'];
  expect(trusted.map((address) => trust(address, 0))).toEqual([true, true, true, true]);
  expect(['11.0.0.1', '2001:db8::2', '192.168.0.1'].some((address) => trust(address, 0))).toBe(false);
});

test('TRUST_PROXY=2 trusts the two nearest proxies', () => {
  const trust = parseTrustProxy('2');
  if (typeof trust !== 'function') throw new Error('not so many hops');
  expect([0, 1, 2].map((hop) => trust('10.0.0.1', hop))).toEqual([true, true, false]);
});

test.each(['on', 'true', '*', '0', '-1', '1.5', 'proxy.local', '10.0.0.0/40', '10.0.0.1,'])(
  'TRUST_PROXY=%s is rejected',
  (text) => {
    expect(() => parseTrustProxy(text)).toThrow();
  },
);

test('failures of the database do not count against an address', async () => {
  const team = await losing.makeTeam();
  const ask = (count: number) => statuses(count, () => ({ 'x-api-key': team.publishableKey }), losing);
  isUnreachable = true;
  expect(await ask(6)).toEqual(Array.from({ length: 6 }, () => 503));
  isUnreachable = false;
  expect(await ask(5)).toEqual([...ok(4), 429]);
});
