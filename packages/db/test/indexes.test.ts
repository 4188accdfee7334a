import { mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import type { TestDatabase } from '../src/testing/index.ts';
import { newScope } from './examples.ts';
import { addChatWithTurn, findIndex, startMaintainedServer } from './index-scenes.ts';
import { startDatabase } from './start-database.ts';

/* `index-builds.test.ts` holds builds open, which needs a MongoDB of its own. */

const LIST = 'team_1__id_-1';
const PLACE = 'chat_1_sequence_1';
const scope = newScope();

let db: TestDatabase;

async function openWithChat() {
  db = await startDatabase('indexes');
  return addChatWithTurn(db, scope);
}
const startServer = () => startMaintainedServer(db);
const indexOf = (collection: string, name: string) => findIndex(db, collection, name);

test('collections and their indexes exist before the first write to an empty database', async () => {
  db = await startDatabase('indexes');
  // An earlier test may have used the database.
  await db.raw.dropDatabase();
  await db.connect();
  expect(await indexOf('turns', PLACE)).toMatchObject({ unique: true });
  // The state after a process crashed between creating a collection and its indexes.
  await db.raw.collection('turns').dropIndex(PLACE);
  const server = await db.connect();
  expect(server.missingUniqueIndexes()).toEqual([]);
  expect(await indexOf('turns', PLACE)).toMatchObject({ unique: true });
});

test('an expiry, a hidden index and a unique one that differ are changed in place', async () => {
  await openWithChat();
  const chats = db.raw.collection('chats');
  const logs = db.raw.collection('turnLog');
  const turns = db.raw.collection('turns');
  await logs.dropIndex('createdAt_1');
  await logs.createIndex({ createdAt: 1 }, { expireAfterSeconds: 60 });
  await db.raw.command({ collMod: 'chats', index: { name: LIST, hidden: true } });
  await turns.dropIndex(PLACE);
  await turns.createIndex({ chat: 1, sequence: 1 });
  await db.raw.collection('budgets').dropIndex('createdAt_1');
  await db.raw.collection('budgets').createIndex({ createdAt: 1 });
  const { server } = await startServer();
  await expect.poll(async () => (await server.status()).indexChanges).toEqual([]);
  expect((await indexOf('turnLog', 'createdAt_1'))?.expireAfterSeconds).toBeGreaterThan(3_600);
  expect((await indexOf('budgets', 'createdAt_1'))?.expireAfterSeconds).toBeGreaterThan(3_600);
  expect((await chats.indexes()).filter(({ hidden }) => hidden)).toEqual([]);
  expect(await indexOf('turns', PLACE)).toMatchObject({ unique: true });
});

test('an index that the code does not declare stays, because an older server may need it', async () => {
  await openWithChat();
  await db.raw.collection('chats').createIndex({ oldField: 1 });
  await db.raw.collection('chats').dropIndex(LIST);
  const { server } = await startServer();
  await expect.poll(async () => (await server.status()).indexChanges).toEqual([]);
  expect(await indexOf('chats', 'oldField_1')).toBeDefined();
});

test('duplicates that keep an index from being unique are named, and keep no other index from being built', async () => {
  const chat = await openWithChat();
  await db.raw.collection('turns').dropIndex(PLACE);
  await db.raw.collection('turns').createIndex({ chat: 1, sequence: 1 });
  await db.raw.collection('turns').insertOne({ chat, sequence: 1, team: mintId('team') });
  await db.raw.collection('chats').dropIndex(LIST);
  const { server, log } = await startServer();
  await expect
    .poll(() => log.map(({ error }) => error))
    .toContainEqual(expect.objectContaining({ message: expect.stringMatching(/Remove the duplicates/) }));
  await expect
    .poll(async () => (await server.status()).indexChanges)
    .toEqual([{ collection: 'turns', index: PLACE, change: 'alter' }]);
  expect(server.missingUniqueIndexes()).toEqual([`turns.${PLACE}`]);
});
