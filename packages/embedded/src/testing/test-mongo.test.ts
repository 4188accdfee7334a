import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestMongo, type TestMongo, testDatabaseUri } from './test-mongo.ts';

let mongo: TestMongo;

beforeAll(async () => {
  mongo = await startTestMongo(() => {});
});

afterAll(() => mongo.stop());

test('each test file gets its own database, with majority writes and transactions', async () => {
  const [one, other] = [testDatabaseUri(mongo.uri, 'chats'), testDatabaseUri(mongo.uri, 'chats')];
  expect(new URL(one).pathname).toMatch(/^\/chats_[0-9a-f]{12}$/);
  const [client, otherClient] = [new MongoClient(one), new MongoClient(other)];
  try {
    const notes = client.db().collection('notes');
    await notes.insertOne({}, { writeConcern: { w: 'majority', journal: true } });
    await client.withSession((session) =>
      session.withTransaction(() => notes.insertOne({}, { session, writeConcern: { w: 'majority' } })),
    );
    expect(await notes.countDocuments()).toBe(2);
    expect(await otherClient.db().collection('notes').countDocuments()).toBe(0);
  } finally {
    await Promise.all([client.close(), otherClient.close()]);
  }
});
