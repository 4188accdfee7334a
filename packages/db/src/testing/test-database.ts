import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { connectDatabase, type Database } from '../connect.ts';

/** A database no other test file uses, and what tests look at behind the stores' backs. */
export interface TestDatabase {
  readonly uri: string;
  readonly database: Database;
  readonly stores: Database['stores'];
  /** The collections as they are, without models. */
  readonly raw: mongo.Db;
  /** Another connection to the same database, as another replica has it. */
  connect(): Promise<Database>;
  /** Closes every connection and drops the database. */
  drop(): Promise<void>;
}

/** Opens a database of its own on the given MongoDB, with collections and indexes. */
export async function openTestDatabase(mongoUri: string, name: string): Promise<TestDatabase> {
  const url = new URL(mongoUri);
  url.pathname = `/${name}_${randomBytes(6).toString('hex')}`;
  const uri = url.href;
  const client = new mongo.MongoClient(uri);
  const databases: Database[] = [];
  const connect = async () => {
    const database = await connectDatabase(uri);
    databases.push(database);
    return database;
  };
  const database = await connect();
  return {
    uri,
    database,
    stores: database.stores,
    raw: client.db(),
    connect,
    async drop() {
      await Promise.all(databases.map((each) => each.close()));
      await client.db().dropDatabase();
      await client.close();
    },
  };
}
