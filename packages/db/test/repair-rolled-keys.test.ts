import type { Id } from '@parley/contract';
import { expect, test } from 'vitest';
import type { IssuedApiKey } from '../src/api-key/api-key-records.ts';
import { repairRolledKeys } from '../src/migrations/repair-rolled-keys.ts';
import type { Scope } from '../src/scope.ts';
import { newScope } from './examples.ts';
import { connectMongoose, migrationContextOf, startDatabase } from './start-database.ts';

const db = await startDatabase('repair_rolled_keys');
const context = migrationContextOf(await connectMongoose(db));

const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000);
const keys = () => db.raw.collection<{ _id: Id<'key'> }>('keys');

const migrate = () => repairRolledKeys(context);

/** A key that `issuer` issues. */
async function issueFrom(scope: Scope, issuer: IssuedApiKey, fields = {}): Promise<IssuedApiKey> {
  const found = await db.stores.apiKeys.find(issuer.key);
  if (!found) throw new Error('the issuer does not work');
  const { id, familyId, issuers } = found;
  const made = await db.stores.apiKeys.issueFrom(scope, { id, familyId, issuers }, 'secret', fields);
  if (!made) throw new Error('the issuer was revoked');
  return made;
}

/** Rolls a key as release 0.1.0 does: the successor gets no issuer and no end, and the old key no time of the roll. */
async function rollAtOldRelease(scope: Scope, { info }: IssuedApiKey, until: Date): Promise<IssuedApiKey> {
  const next = await db.stores.apiKeys.roll(scope, info.id, until);
  if (!next) throw new Error('the key does not work');
  await keys().updateOne({ _id: info.id }, { $unset: { replacedAt: 1, familyExpiresAt: 1 } });
  await keys().updateOne({ _id: next.info.id }, { $unset: { issuedBy: 1, issuers: 1, expiresAt: 1 } });
  return next;
}

test('the successor of an issued key that release 0.1.0 rolled is again below its issuer, and ends with it', async () => {
  const scope = newScope();
  const { apiKeys } = db.stores;
  const expiresAt = inMinutes(120);
  const issuer = await apiKeys.issue(scope, 'secret', { expiresAt });
  const issued = await issueFrom(scope, issuer);
  const next = await rollAtOldRelease(scope, issued, inMinutes(30));
  const newest = await rollAtOldRelease(scope, next, inMinutes(40));
  expect(await apiKeys.get(scope, newest.info.id)).not.toHaveProperty('issuedBy');

  await migrate();
  for (const { info } of [next, newest]) {
    expect(await apiKeys.get(scope, info.id)).toMatchObject({ issuedBy: issuer.info.id });
  }
  // Another server, because this one has cached the keys for some seconds.
  const other = await db.connect();
  expect(await other.stores.apiKeys.find(newest.key)).toMatchObject({
    issuers: [issuer.info.id],
    expiresAt,
  });
  await apiKeys.revoke(scope, issuer.info.id, true);
  const third = await db.connect();
  for (const { key } of [issued, next, newest]) expect(await third.stores.apiKeys.find(key)).toBeUndefined();
});

test('an earlier end of a key that release 0.1.0 rolled does not end what its successor goes on with', async () => {
  const scope = newScope();
  const { apiKeys } = db.stores;
  const old = await apiKeys.issue(scope, 'secret', {});
  const before = await issueFrom(scope, old);
  const next = await rollAtOldRelease(scope, old, inMinutes(60));
  const after = await issueFrom(scope, next);

  await migrate();
  expect(await apiKeys.update(scope, old.info.id, { expiresAt: inMinutes(90) })).toBe('replaced');
  await apiKeys.update(scope, old.info.id, { expiresAt: inMinutes(5) });
  for (const { info } of [before, next, after]) {
    expect(await apiKeys.get(scope, info.id)).not.toHaveProperty('expiresAt');
  }
});

test('keys that this release stored stay as they are, and a second run changes nothing', async () => {
  const scope = newScope();
  const { apiKeys } = db.stores;
  const root = await apiKeys.issue(scope, 'secret', { expiresAt: inMinutes(60) });
  const issued = await issueFrom(scope, root, { expiresAt: inMinutes(50) });
  const next = await apiKeys.roll(scope, issued.info.id, inMinutes(10));
  await apiKeys.roll(scope, next?.info.id ?? issued.info.id, inMinutes(20));
  // A roll that was cut off after the successor was stored.
  const cutOff = await apiKeys.issue(scope, 'secret', {});
  await apiKeys.roll(scope, cutOff.info.id, inMinutes(10));
  await keys().updateOne({ _id: cutOff.info.id }, { $unset: { replacedAt: 1, expiresAt: 1 } });
  const stored = () => keys().find({ team: scope.team }).sort({ _id: 1 }).toArray();
  const own = await stored();
  await migrate();
  expect(await stored()).toEqual(own);

  await rollAtOldRelease(scope, await issueFrom(scope, root), inMinutes(30));
  await migrate();
  const repaired = await stored();
  await migrate();
  expect(await stored()).toEqual(repaired);
});
