import { mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import { startDatabase } from './start-database.ts';

const db = await startDatabase('user_status_store');
const userStatuses = db.stores.userStatuses;

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
