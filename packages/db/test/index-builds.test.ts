import { mintId } from '@parley/contract';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connectDatabase } from '../src/index.ts';
import { inScope, openTestDatabase, type TestDatabase } from '../src/testing/index.ts';
import { newChat, newScope, newTurn } from './examples.ts';
import { addChatWithTurn, findIndex, startMaintainedServer } from './index-scenes.ts';
import { type MongodWithFailPoints, startMongodWithFailPoints } from './mongod-with-fail-points.ts';

const LIST = 'team_1__id_-1';
const PLACE = 'chat_1_sequence_1';
const scope = newScope();

let mongod: MongodWithFailPoints;
let db: TestDatabase;
beforeAll(async () => {
  mongod = await startMongodWithFailPoints();
});
afterEach(async () => {
  await mongod.holdIndexBuilds(false);
  await db.drop();
});
afterAll(() => mongod.stop());

/** A database in which there is a chat with a turn. */
async function openWithChat() {
  db = await openTestDatabase(mongod.uri, 'indexes');
  return addChatWithTurn(db, scope);
}

/** Another server that starts on it, and what it logs. */
const startServer = () => startMaintainedServer(db, () => mongod.holdIndexBuilds(false));

const indexOf = (collection: string, name: string) => findIndex(db, collection, name);

async function indexWithKey(collection: string, key: object) {
  const indexes = await db.raw.collection(collection).indexes();
  return indexes.filter((index) => JSON.stringify(index.key) === JSON.stringify(key));
}

test('a server starts and serves while an index is being built for longer than a socket may be silent', async () => {
  const chat = await openWithChat();
  await db.raw.collection('chats').dropIndex(LIST);
  await mongod.holdIndexBuilds(true);
  const { server, log } = await startServer();
  const building = [{ collection: 'chats', index: LIST }];
  await expect.poll(async () => (await server.inspect()).indexBuilds).toMatchObject(building);
  expect(await server.inspect()).toMatchObject({ missingIndexes: 1 });
  expect(server.missingUniqueIndexes()).toEqual([]);
  expect(await server.stores.chats.find(scope, chat)).toBeDefined();
  // The requests' own connection gives up after six seconds; the build's does not.
  await expect.poll(() => log.map(({ event }) => event)).toContain('an index is being built');
  expect(log.filter(({ level }) => level !== 'info')).toEqual([]);
  await mongod.holdIndexBuilds(false);
  await expect.poll(async () => (await server.inspect()).missingIndexes).toBe(0);
  expect(await indexOf('chats', LIST)).toBeDefined();
});

test('a stopping server does not wait for the index it builds', async () => {
  await openWithChat();
  await db.raw.collection('chats').dropIndex(LIST);
  await mongod.holdIndexBuilds(true);
  const server = await connectDatabase(db.uri);
  const maintenance = server.maintain(() => undefined);
  await expect.poll(async () => (await server.inspect()).indexBuilds.length).toBe(1);
  await maintenance.close();
  await server.close();
});

test('a server is not ready while a unique index is missing that keeps writes from being stored twice', async () => {
  const chat = await openWithChat();
  await db.raw.collection('turns').dropIndex(PLACE);
  await mongod.holdIndexBuilds(true);
  const { server } = await startServer();
  expect(server.missingUniqueIndexes()).toEqual([`turns.${PLACE}`]);
  await mongod.holdIndexBuilds(false);
  await expect.poll(() => server.missingUniqueIndexes()).toEqual([]);
  expect(await server.stores.turns.insert(inScope(scope, chat), newTurn(chat, 1))).not.toBe('inserted');
});

test('an index with another filter is built anew before the old one is dropped', async () => {
  await openWithChat();
  const key = { isUncounted: 1, _id: 1 };
  await db.raw.collection('turns').dropIndex('isUncounted_1__id_1');
  await db.raw.collection('turns').createIndex(key, { sparse: true });
  await mongod.holdIndexBuilds(true);
  const { server } = await startServer();
  await expect.poll(async () => (await server.inspect()).indexBuilds.length).toBe(1);
  expect(await indexOf('turns', 'isUncounted_1__id_1')).toMatchObject({ sparse: true });
  await mongod.holdIndexBuilds(false);
  await expect.poll(async () => (await server.status()).indexChanges).toEqual([]);
  expect(await indexWithKey('turns', key)).toMatchObject([
    { partialFilterExpression: { isUncounted: true } },
  ]);
});

test('an index that must not expire is dropped before it is built anew, because both cannot exist', async () => {
  await openWithChat();
  await db.raw.collection('budgets').dropIndex('team_1');
  await db.raw.collection('budgets').createIndex({ team: 1 }, { expireAfterSeconds: 60 });
  const { server } = await startServer();
  await expect.poll(async () => (await server.status()).indexChanges).toEqual([]);
  expect(await indexWithKey('budgets', { team: 1 })).toEqual([{ v: 2, key: { team: 1 }, name: 'team_1' }]);
});

test('indexes are found in the default database when the connection string names none', async () => {
  db = await openTestDatabase(mongod.uri, 'indexes');
  const unnamed = new URL(mongod.uri);
  unnamed.pathname = '/';
  const server = await connectDatabase(unnamed.href);
  await newChat(server.stores, scope);
  expect(await server.status()).toMatchObject({ indexChanges: [], indexBuilds: [] });
  await server.migrate(() => undefined, { again: false, signal: new AbortController().signal });
  expect(server.missingUniqueIndexes()).toEqual([]);
  await server.close();
});

test('a migration in the foreground builds every index, and names those it cannot build', async () => {
  const chat = await openWithChat();
  await db.raw.collection('chats').dropIndex(LIST);
  const server = await db.connect();
  const options = { again: false, signal: new AbortController().signal };
  expect((await server.status()).indexChanges).toHaveLength(1);
  await server.migrate(() => undefined, options);
  expect(await server.status()).toMatchObject({ indexChanges: [], pendingSteps: [], maintenance: null });
  await db.raw.collection('turns').dropIndex(PLACE);
  await db.raw.collection('turns').insertOne({ chat, sequence: 1, team: mintId('team') });
  await expect(server.migrate(() => undefined, options)).rejects.toThrow('cannot be built');
});
