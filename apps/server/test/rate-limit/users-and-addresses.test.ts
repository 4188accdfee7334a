import { limits, Refusal } from '@parley/contract';
import { mintApiKey } from '@parley/db';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { parseTrustProxy } from '../../src/client-address.ts';
import { startHarness } from '../harness.ts';
import { trpcBatch } from '../support/trpc-batch.ts';

/* One visitor of many does not use up what is everyone's. OWASP API 4, unrestricted resource consumption. */

const behindProxy = await startHarness({
  rateLimits: { user: 5, address: 8 },
  trustProxy: parseTrustProxy('loopback'),
});
const direct = await startHarness({ rateLimits: { address: 8 } });

let isAway = false;
const losing = await startHarness({
  rateLimits: { address: 4 },
  alter: (database) => {
    const { apiKeys } = database.stores;
    const find: typeof apiKeys.find = (key) =>
      isAway ? Promise.reject(new Refusal('database_unavailable')) : apiKeys.find(key);
    return { ...database, stores: { ...database.stores, apiKeys: { ...apiKeys, find } } };
  },
});

// It stays the middle of one minute: no test has a part of it in the next.
vi.useFakeTimers({ toFake: ['Date'], now: Math.floor(Date.now() / 60_000) * 60_000 + 30_000 });
afterAll(() => void vi.useRealTimers());

let last = 0;
/** An address nobody has asked from. */
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

test('a user makes their requests a minute, from wherever; another user makes theirs', async () => {
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

describe('an address', () => {
  test('makes its requests a minute with publishable keys, whichever; a secret key speaks for many', async () => {
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

  test('that tries keys is slowed as one that has a key, and good keys of others are not', async () => {
    const team = await behindProxy.makeTeam();
    const address = newAddress();
    const guess = () => ({ 'x-api-key': mintApiKey('secret'), 'x-forwarded-for': address });
    const found = await statuses(9, guess);
    expect(found).toEqual([...Array.from({ length: 8 }, () => 401), 429]);
    expect(await statuses(1, () => ({ ...guess(), 'x-api-key': team.secretKey }))).toEqual([200]);
  });

  test('of IPv6 is a network of /64: who has one has them all', async () => {
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

  test('that stands first in a chain is the sender’s own word: only what our proxy saw counts', async () => {
    const { publishableKey } = await behindProxy.makeTeam();
    const address = newAddress();
    const lying = (index: number) => ({
      'x-api-key': publishableKey,
      'x-forwarded-for': `198.51.100.${index}, ${address}`,
    });
    expect(allowed(await statuses(9, lying))).toBe(8);
  });

  test('makes so many guests a minute, and no more', async () => {
    const busy = await startHarness({ rateLimits: {} });
    const team = await busy.makeTeam();
    const key = await team.guestKey();
    const found: number[] = [];
    for (let index = 0; index <= limits.guestsPerAddress; index++) {
      found.push((await busy.rest('POST', '/guest', { key })).status);
    }
    expect(found).toEqual([...ok(limits.guestsPerAddress), 429]);
    expect((await busy.rest('GET', '/agent', { key: team.publishableKey })).status).toBe(200);
  });
});

describe('behind a proxy that nobody told us of', () => {
  test('visitors are not one address: it is the proxy’s', async () => {
    const { publishableKey } = await direct.makeTeam();
    const forwarded = () => ({ 'x-api-key': publishableKey, 'x-forwarded-for': newAddress() });
    expect(await statuses(12, forwarded, direct)).toEqual(ok(12));
  });

  test('what is not forwarded counts for the address it comes from', async () => {
    const { publishableKey } = await direct.makeTeam();
    expect(allowed(await statuses(9, () => ({ 'x-api-key': publishableKey }), direct))).toBe(8);
  });
});

test('a batch counts for as many requests as it holds', async () => {
  const harness = await startHarness({ rateLimits: { publishable: 10 } });
  const { publishableKey } = await harness.makeTeam();
  const headers = { 'x-api-key': publishableKey };
  const batch = (size: number) =>
    trpcBatch(harness.url, Array(size).fill('agent.list'), Array(size).fill({}), headers);
  expect((await batch(8)).map(({ status }) => status)).toEqual(ok(8));
  expect((await batch(3)).map(({ status }) => status)).toEqual([429, 429, 429]);
  expect((await batch(2)).map(({ status }) => status)).toEqual(ok(2));
});

test.each([
  ['off', false],
  ['10.0.0.0/8, 2001:db8::1,loopback', ['10.0.0.0/8', '2001:db8::1', 'loopback']],
])('TRUST_PROXY=%s', (text, parsed) => {
  expect(parseTrustProxy(text)).toEqual(parsed);
});

test('TRUST_PROXY=2 trusts the two nearest', () => {
  const trust = parseTrustProxy('2');
  if (typeof trust !== 'function') throw new Error('not so many hops');
  expect([0, 1, 2].map((hop) => trust('10.0.0.1', hop))).toEqual([true, true, false]);
});

test.each(['on', 'true', '*', '0', '-1', '1.5', 'proxy.local', '10.0.0.0/40', '10.0.0.1,'])(
  'TRUST_PROXY=%s is refused',
  (text) => {
    expect(() => parseTrustProxy(text)).toThrow();
  },
);

test('a database that is away is nobody’s doing: who asked meanwhile is served when it is back', async () => {
  const team = await losing.makeTeam();
  const ask = (count: number) => statuses(count, () => ({ 'x-api-key': team.publishableKey }), losing);
  isAway = true;
  expect(await ask(6)).toEqual(Array.from({ length: 6 }, () => 503));
  isAway = false;
  expect(await ask(5)).toEqual([...ok(4), 429]);
});
