import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { connectDatabase, type Database, type DatabaseOptions } from '../connection/connect.ts';

/** A database no other test file uses, and what tests look at behind the stores' backs. */
export interface TestDatabase {
  readonly uri: string;
  readonly database: Database;
  readonly stores: Database['stores'];
  /** The collections as they are, without models. */
  readonly raw: mongo.Db;
  /** Another connection to the same database, as another replica has it. */
  connect(options?: DatabaseOptions): Promise<Database>;
  /** Closes every connection and drops the database. */
  drop(): Promise<void>;
}

/** Opens a database of its own on the given MongoDB, with collections and indexes. */
export async function openTestDatabase(mongoUri: string, name: string): Promise<TestDatabase> {
  const empty = openEmptyDatabase(mongoUri, name);
  const database = await empty.connect();
  return { ...empty, database, stores: database.stores };
}

/** The same before any server has connected to it. */
export function openEmptyDatabase(mongoUri: string, name: string): Omit<TestDatabase, 'database' | 'stores'> {
  const url = new URL(mongoUri);
  url.pathname = `/${name}_${randomBytes(6).toString('hex')}`;
  const uri = url.href;
  const client = new mongo.MongoClient(uri);
  const databases: Database[] = [];
  return {
    uri,
    raw: client.db(),
    async connect(options) {
      const database = await connectDatabase(uri, options);
      databases.push(database);
      return database;
    },
    async drop() {
      await Promise.all(databases.map((each) => each.close()));
      await client.db().dropDatabase();
      await client.close();
    },
  };
}
