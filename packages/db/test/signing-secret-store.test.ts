import { limits, mintId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { newScope } from './examples.ts';
import { startDatabase } from './start-database.ts';

const db = await startDatabase('signing_secret_store');

const inAnHour = () => new Date(Date.now() + 3_600_000);

describe('the limit of working signing secrets', () => {
  test('the limit of signing secrets is exact when several servers create secrets in parallel', async () => {
    const scope = newScope();
    const servers = await Promise.all(Array.from({ length: 2 }, () => db.connect()));
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        servers[index % 2]?.stores.signingSecrets.create(scope, inAnHour()),
      ),
    );
    expect(made.filter((secret) => secret !== undefined)).toHaveLength(limits.signingSecretsMax);
    expect(await db.stores.signingSecrets.list(scope)).toHaveLength(limits.signingSecretsMax);
  });

  test('the limit of signing secrets counts those that release 0.1.0 stored without a slot', async () => {
    const scope = newScope();
    const old = { team: scope.team, secret: 'ss_live_old', createdAt: new Date() };
    const documents = [1, 2, 3].map(() => ({ ...old, _id: mintId('secret') as never }));
    await db.raw.collection('signingSecrets').insertMany(documents);
    const made = await Promise.all(
      Array.from({ length: 6 }, () => db.stores.signingSecrets.create(scope, inAnHour())),
    );
    expect(made.filter((secret) => secret !== undefined)).toHaveLength(2);
  });

  test('a signing secret can be created again as soon as one was revoked or has expired', async () => {
    const scope = newScope();
    const create = () => db.stores.signingSecrets.create(scope, inAnHour());
    for (let count = 0; count < limits.signingSecretsMax; count++) await create();
    expect(await create()).toBeUndefined();
    const [newest, next] = await db.stores.signingSecrets.list(scope);
    await db.stores.signingSecrets.revoke(scope, newest?.id ?? mintId('secret'));
    expect(await create()).toBeDefined();
    await db.raw
      .collection('signingSecrets')
      .updateOne({ _id: next?.id as never }, { $set: { expiresAt: new Date() } });
    expect(await create()).toBeDefined();
  });
});

test('several servers that need a first signing secret at the same time create one', async () => {
  const scope = newScope();
  const servers = await Promise.all(Array.from({ length: 2 }, () => db.connect()));
  const found = await Promise.all(servers.map(({ stores }) => stores.signingSecrets.ensure(scope)));
  expect(new Set(found.map(({ id }) => id)).size).toBe(1);
});

test('a key that was revoked in the meantime issues no signing secret', async () => {
  const scope = newScope();
  const { apiKeys, signingSecrets } = db.stores;
  const { info } = await apiKeys.issue(scope, 'secret', {});
  const made = await signingSecrets.issueFrom(scope, info, inAnHour());
  expect(made).toMatchObject({ info: { issuedBy: info.id } });
  expect(await signingSecrets.listIssued(scope, info.familyId)).toHaveLength(1);
  await apiKeys.revoke(scope, info.id);
  expect(await signingSecrets.issueFrom(scope, info, inAnHour())).toBe('issuer-revoked');
  expect(await signingSecrets.list(scope)).toHaveLength(1);
});

test('a revoked signing secret is forgotten at once by the process that revoked it', async () => {
  const scope = newScope();
  const { signingSecrets } = db.stores;
  const { id } = await signingSecrets.ensure(scope);
  await signingSecrets.findWorking(scope);
  await signingSecrets.findWorking(scope, id);
  await signingSecrets.revoke(scope, id);
  expect(await signingSecrets.findWorking(scope)).toEqual([]);
  expect(await signingSecrets.findWorking(scope, id)).toEqual([]);
});
