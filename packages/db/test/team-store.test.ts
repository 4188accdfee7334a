import { mintId } from '@parley/contract';
import { afterEach, expect, test } from 'vitest';
import { startDatabase } from './start-database.ts';

const db = await startDatabase('team_store');
const teams = db.stores.teams;

afterEach(() => db.raw.collection('teams').deleteMany({}));

test('one of eight replicas that start at the same time on an empty database creates the first team', async () => {
  const own = await startDatabase('first_team');
  const replicas = await Promise.all(Array.from({ length: 8 }, () => own.connect()));
  const ids = replicas.map(() => mintId('team'));
  const made = await Promise.all(
    replicas.map(({ stores }, index) => stores.teams.createFirst({ id: ids[index] ?? 'team_', name: 'n' })),
  );
  expect(made.filter((isMine) => isMine)).toHaveLength(1);
  const found = await Promise.all(replicas.map(({ stores }) => stores.teams.findFirst()));
  expect(new Set(found.map((first) => first?.id))).toEqual(new Set([ids[made.indexOf(true)]]));
  expect(await own.raw.collection('teams').countDocuments()).toBe(1);
});

test('the first team is pending until it is finished, and a repeated call succeeds', async () => {
  const id = mintId('team');
  expect(await teams.findFirst()).toBeUndefined();
  expect(await teams.createFirst({ id, name: 'first' })).toBe(true);
  expect(await teams.createFirst({ id, name: 'first' })).toBe(true);
  expect(await teams.createFirst({ id: mintId('team'), name: 'late' })).toBe(false);
  expect(await teams.findFirst()).toEqual({ id, isPending: true });
  await teams.finishFirst(id);
  await teams.finishFirst(id);
  expect(await teams.findFirst()).toEqual({ id, isPending: false });
});

test('further teams can be created, and without a first team the oldest is found', async () => {
  const ids = [mintId('team'), mintId('team'), mintId('team')] as const;
  await Promise.all(ids.map((id) => teams.create({ id, name: 'same name' })));
  expect(await Promise.all(ids.map((id) => teams.exists(id)))).toEqual([true, true, true]);
  expect(await teams.exists(mintId('team'))).toBe(false);
  expect(await teams.findFirst()).toEqual({ id: ids[0], isPending: false });
});

test('a token issuer is removed with the family of keys that set it, and with no other', async () => {
  const team = mintId('team');
  const scope = { team };
  await teams.create({ id: team, name: 'n' });
  const { apiKeys } = db.stores;
  const { info: root } = await apiKeys.issue(scope, 'secret', {});
  const child = await apiKeys.issueFrom(scope, root, 'secret', {});
  if (!child) throw new Error('no key was issued');
  const settings = { url: 'https://i.example/', issuer: 'i', audience: 'a' };
  expect(await teams.setTokenIssuer(scope, child.info, settings)).toMatchObject({ issuedBy: child.info.id });
  expect(await teams.hasTokenIssuerOf(scope, mintId('key'))).toBe(false);
  expect(await teams.deleteTokenIssuer(scope, mintId('key'))).toBe(false);
  expect(await teams.hasTokenIssuerOf(scope, root.id)).toBe(true);
  expect((await teams.findSettings(scope)).tokenIssuer).toMatchObject(settings);
  expect(await teams.deleteTokenIssuer(scope, root.id)).toBe(true);
  expect(await teams.findSettings(scope)).toEqual({});
});

test('a key that was revoked sets no token issuer, and does not replace the one there is', async () => {
  const team = mintId('team');
  const scope = { team };
  await teams.create({ id: team, name: 'n' });
  const { apiKeys } = db.stores;
  const { info: root } = await apiKeys.issue(scope, 'secret', {});
  const { info: revoked } = await apiKeys.issue(scope, 'secret', {});
  const settings = { url: 'https://i.example/', issuer: 'i', audience: 'a' };
  await teams.setTokenIssuer(scope, root, settings);
  await apiKeys.revoke(scope, revoked.id);
  expect(await teams.setTokenIssuer(scope, revoked, { ...settings, issuer: 'other' })).toBeUndefined();
  expect((await teams.findSettings(scope)).tokenIssuer).toMatchObject(settings);
});
