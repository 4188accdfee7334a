import { randomBytes } from 'node:crypto';
import { connectDatabase, type Database } from '@parley/db';
import type {} from '@parley/embedded/testing';
import { mongo } from 'mongoose';
import { inject } from 'vitest';

/** The database of one test file, through the server's stores and as raw collections. */
export interface TestDatabase {
  readonly uri: string;
  readonly database: Database;
  readonly raw: mongo.Db;
  /** Closes both connections and removes the database. */
  drop(): Promise<void>;
}

/** Opens a new database. The server uses the address that `addressOf` returns; the test connects directly. */
export async function openTestDatabase(addressOf = (uri: string) => uri): Promise<TestDatabase> {
  const uri = newDatabaseUri();
  const database = await connectDatabase(addressOf(uri));
  const client = await new mongo.MongoClient(uri).connect();
  const raw = client.db();
  return {
    uri,
    database,
    raw,
    async drop() {
      await database.close();
      await raw.dropDatabase();
      await client.close();
    },
  };
}

/** The address of a database that does not exist yet. */
function newDatabaseUri(): string {
  const uri = new URL(inject('mongoUri'));
  uri.pathname = `/server_${randomBytes(6).toString('hex')}`;
  return uri.href;
}
