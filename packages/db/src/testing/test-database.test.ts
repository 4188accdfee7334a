import type { mongo } from 'mongoose';
import { expect, test } from 'vitest';
import { mongoUri } from '../../test/mongo-uri.ts';
import { openEmptyDatabase, openTestDatabase } from './test-database.ts';

test('a database that a test file has left is used again without its documents', async () => {
  const first = await openTestDatabase(mongoUri(), 'used_again');
  await first.raw.collection('chats').insertOne({ title: 'left behind' });
  await first.drop();
  const second = openEmptyDatabase(mongoUri(), 'used_again');
  expect(second.uri).toBe(first.uri);
  const database = await second.connect();
  expect(database.missingUniqueIndexes()).toEqual([]);
  expect((await second.raw.stats())['objects']).toBe(0);
  await second.drop();
});

test.each([
  ['adds an index', (raw: mongo.Db) => raw.collection('chats').createIndex({ unknown: 1 })],
  ['drops an index', (raw: mongo.Db) => raw.collection('turns').dropIndex('chat_1_sequence_1')],
  ['creates a collection', (raw: mongo.Db) => raw.createCollection('unknown')],
])('a database is not used again if a test %s', async (_, change) => {
  const changed = await openTestDatabase(mongoUri(), 'changed');
  await change(changed.raw);
  await changed.drop();
  const next = await openTestDatabase(mongoUri(), 'next');
  expect(next.uri).not.toBe(changed.uri);
  await next.drop();
});
