import { mintId } from '@parley/contract';
import type { mongo } from 'mongoose';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { connectDatabase, type Database } from '../src/index.ts';
import { inScope, openTestDatabase, type TestDatabase } from '../src/testing/index.ts';
import { newChat, newScope, newTurn } from './examples.ts';
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
  const chat = await newChat(db.stores, scope);
  await db.stores.turns.insert(inScope(scope, chat), newTurn(chat, 1));
  return chat;
}

/** Another server that starts on it, and what it logs. */
async function startServer(): Promise<{ server: Database; log: Record<string, unknown>[] }> {
  const server = await connectDatabase(db.uri);
  const log: Record<string, unknown>[] = [];
  const maintenance = server.maintain((level, event, fields) => log.push({ level, event, ...fields }));
  onTestFinished(async () => {
    await mongod.holdIndexBuilds(false);
    await maintenance.close();
    await server.close();
  });
  return { server, log };
}

async function indexOf(collection: string, name: string): Promise<mongo.IndexDescriptionInfo | undefined> {
  return (await db.raw.collection(collection).indexes()).find((index) => index.name === name);
}

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
  expect(server.missingPromises()).toEqual([]);
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
  expect(server.missingPromises()).toEqual([`turns.${PLACE}`]);
  await mongod.holdIndexBuilds(false);
  await expect.poll(() => server.missingPromises()).toEqual([]);
  expect(await server.stores.turns.insert(inScope(scope, chat), newTurn(chat, 1))).not.toBe('inserted');
});

test('collections and their indexes exist before the first write to an empty database', async () => {
  db = await openTestDatabase(mongod.uri, 'indexes');
  expect(await indexOf('turns', PLACE)).toMatchObject({ unique: true });
  // The state after a process crashed between creating a collection and its indexes.
  await db.raw.collection('turns').dropIndex(PLACE);
  const server = await db.connect();
  expect(server.missingPromises()).toEqual([]);
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
  expect(server.missingPromises()).toEqual([]);
  await server.close();
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
  expect(server.missingPromises()).toEqual([`turns.${PLACE}`]);
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
