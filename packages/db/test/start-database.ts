import { type Connection, Mongoose } from 'mongoose';
import { afterAll, onTestFinished, TestRunner } from 'vitest';
import type { MigrationContext } from '../src/migrations/migration.ts';
import { createModels } from '../src/models.ts';
import { openTestDatabase, type TestDatabase } from '../src/testing/index.ts';
import { mongoUri } from './mongo-uri.ts';

/**
 * An empty database, which is dropped at the end of the test that calls it, or of the file that calls it at its top level.
 * `name` begins the database's name.
 */
export async function startDatabase(name: string): Promise<TestDatabase> {
  const db = await openTestDatabase(mongoUri(), name);
  const atEnd = TestRunner.getCurrentTest() ? onTestFinished : afterAll;
  atEnd(() => db.drop());
  return db;
}

/** Connects Mongoose to a database until the tests of the file have ended. */
export async function connectMongoose({ uri }: TestDatabase): Promise<Connection> {
  const connection = await new Mongoose().createConnection(uri, { bufferCommands: false }).asPromise();
  afterAll(() => connection.close());
  return connection;
}

/** The models and the connection that a migration gets. */
export function migrationContextOf(connection: Connection): MigrationContext {
  return {
    models: createModels(connection),
    db: connection.getClient().db(),
    signal: new AbortController().signal,
    log: () => undefined,
  };
}
