import { mintId } from '@parley/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Stores } from '../src/index.ts';
import { openTestDatabase, type TestDatabase } from '../src/testing/index.ts';
import { mongoUri } from './mongo-uri.ts';

let db: TestDatabase;
let userStatuses: Stores['userStatuses'];

beforeAll(async () => {
  db = await openTestDatabase(mongoUri(), 'user_status_store');
  userStatuses = db.stores.userStatuses;
});
afterAll(() => db.drop());

test('blocked users are listed in pages, the first ones first, without those whose data was deleted', async () => {
  const scope = { team: mintId('team') };
  const at = (ms: number) => new Date(1_700_000_000_000 + ms);
  const users = ['a', 'b', 'deleted', 'c', 'd'];
  for (const user of users) await userStatuses.block(scope, user);
  const statuses = db.raw.collection('userStatuses');
  for (const [index, user] of users.entries()) {
    await statuses.updateOne({ user }, { $set: { blockedAt: at(index) } });
  }
  await statuses.updateOne({ user: 'deleted' }, { $unset: { user: 1 } });
  const list = (since: Date, limit: number, except: readonly string[] = []) =>
    userStatuses.listBlockedSince(since, limit, except);
  const first = await list(at(0), 2);
  expect(first).toMatchObject([
    { ...scope, user: 'a', blockedAt: at(0) },
    { ...scope, user: 'b', blockedAt: at(1) },
  ]);
  const [, b] = first;
  expect((await list(at(1), 2, [String(b?.id)])).map(({ user }) => user)).toEqual(['c', 'd']);
});
