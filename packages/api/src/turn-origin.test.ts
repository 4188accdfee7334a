import { limits } from '@parley/contract';
import { expect, test } from 'vitest';
import { shareOf } from './gate/client-address.ts';
import { originOf } from './turn-origin.ts';

const guest = { kind: 'publishable', as: { role: 'user', proof: 'guest' } } as const;
const at = (text: string) => ({ text, isUnnamedProxy: false });

test('an IPv4 address has one network, an IPv6 address its /64 and its /48', () => {
  expect(originOf(guest, at('203.0.113.7')).networks).toHaveLength(1);
  expect(originOf(guest, at('2001:db8:1:2::/64')).networks).toHaveLength(2);
});

test('a secret key is privileged and has no networks, with and without a user token', () => {
  const address = at('203.0.113.7');
  expect(originOf({ kind: 'secret', as: { role: 'team' } }, address)).toEqual({ isPrivileged: true });
  expect(originOf({ ...guest, kind: 'secret' }, address)).toEqual({ isPrivileged: true });
});

test('a verified user is privileged; guests and callers of an open key are not', () => {
  const address = at('203.0.113.7');
  const verified = originOf({ kind: 'publishable', as: { role: 'user', proof: 'verified' } }, address);
  expect(verified).toMatchObject({ isPrivileged: true, networks: [expect.any(String)] });
  expect(originOf(guest, address)).toMatchObject({ isPrivileged: false });
  expect(originOf({ kind: 'publishable', as: { role: 'team' } }, address)).toMatchObject({
    isPrivileged: false,
  });
});

test('the stored network contains no address, and is the same for the same network', () => {
  const { networks } = originOf(guest, at('2001:db8:1:2::/64'));
  expect(networks).toHaveLength(2);
  expect(networks?.join()).not.toContain('2001');
  expect(originOf(guest, at('2001:db8:1:2::/64')).networks).toEqual(networks);
  expect(originOf(guest, at('2001:db8:1:3::/64')).networks?.[1]).toBe(networks?.[1]);
});

test('an unknown address has no networks', () => {
  expect(originOf(guest, undefined)).toEqual({ isPrivileged: false });
});

test('the visitors of an unnamed proxy have eight networks together for all addresses that the proxy forwards', () => {
  const networks = Array.from({ length: 500 }, (_, index) => {
    const share = shareOf(`198.51.100.${index}`);
    return originOf(guest, { text: '10.0.0.1', isUnnamedProxy: true, share }).networks;
  });
  expect(networks.every((one) => one?.length === 1)).toBe(true);
  expect(new Set(networks.flat()).size).toBe(limits.unnamedProxyFactor);
});
