import { mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import { attributionOf, type LogAddresses, userHash } from './attribute-request.ts';

const [team, key] = [mintId('team'), mintId('key')];
const identity = { team, key, user: 'ann@example.com' };
const from = (text: string) => () => ({ text, isUnnamedProxy: false });

test.each([
  ['full', '203.0.113.77', '203.0.113.77'],
  ['full', '2001:db8:1:2::/64', '2001:db8:1:2::/64'],
  ['network', '203.0.113.77', '203.0.113.0/24'],
  ['network', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['off', '203.0.113.77', undefined],
] as const)('LOG_ADDRESSES=%s logs the address %s as %s', (addresses: LogAddresses, text, logged) => {
  expect(attributionOf({ client: from(text) } as never, addresses).address).toBe(logged);
});

test('a request is logged with its key, its team and a pseudonym of its user', () => {
  const attribution = attributionOf({ identity, client: from('203.0.113.77') } as never, 'full');
  expect(attribution).toEqual({
    team,
    key,
    user: userHash(team, 'ann@example.com'),
    address: '203.0.113.77',
  });
  expect(attribution.user).toMatch(/^[0-9a-f]{16}$/);
  expect(userHash(mintId('team'), 'ann@example.com')).not.toBe(attribution.user);
});

test('a request without an authenticated caller is logged with its address only', () => {
  expect(attributionOf({ client: from('203.0.113.77') } as never, 'full')).toEqual({
    address: '203.0.113.77',
  });
  expect(attributionOf({ client: () => undefined } as never, 'full')).toEqual({});
});
