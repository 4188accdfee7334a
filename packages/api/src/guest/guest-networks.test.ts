import { mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import { GuestNetworks } from './guest-networks.ts';

const team = mintId('team');
const keyOf = (key: string) => new GuestNetworks({ cookieKey: async () => ({ key, createdAt: new Date() }) });
const networks = keyOf('one');
const at = (text: string) => ({ text, isUnnamedProxy: false });

test('a network has the same budget whether it sends or created the guest, on every server', async () => {
  const sealed = await networks.seal(team, at('2001:db8:1:2::/64'));
  const sending = await networks.budgetNetworks(team, at('2001:db8:1:2::/64'), undefined);
  const created = await keyOf('one').budgetNetworks(team, at('203.0.113.7'), sealed);
  expect(sending.map(({ role, factor }) => [role, factor])).toEqual([
    ['sender', 1],
    ['sender', 4],
  ]);
  expect(created.slice(1)).toEqual(sending.map((network) => ({ ...network, role: 'creator' })));
});

test('a network has another name for another team and after a reset of the encryption', async () => {
  const of = async (one: GuestNetworks, its: typeof team) =>
    (await one.budgetNetworks(its, at('203.0.113.7'), undefined)).map(({ name }) => name);
  const names = [await of(networks, team), await of(networks, mintId('team')), await of(keyOf('two'), team)];
  expect(new Set(names.flat()).size).toBe(3);
});

test('a network that another team or another key encrypted is ignored', async () => {
  const sealed = await networks.seal(team, at('203.0.113.7'));
  expect(await networks.budgetNetworks(mintId('team'), undefined, sealed)).toEqual([]);
  expect(await keyOf('two').budgetNetworks(team, undefined, sealed)).toEqual([]);
  expect(await networks.budgetNetworks(team, undefined, sealed)).toHaveLength(1);
});

test('a guest who was created behind a proxy that TRUST_PROXY does not name carries no network', async () => {
  expect(await networks.seal(team, { text: '10.0.0.1', isUnnamedProxy: true, share: 3 })).toBeUndefined();
  expect(await networks.seal(team, undefined)).toBeUndefined();
});
