import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { connectDatabase, type Database, type DatabaseOptions } from '../connection/connect.ts';

/** A database for one test file, with direct access for its checks. */
export interface TestDatabase {
  readonly uri: string;
  readonly database: Database;
  readonly stores: Database['stores'];
  /** The collections as they are, without models. */
  readonly raw: mongo.Db;
  /** Opens another connection to the same database, like another replica. */
  connect(options?: DatabaseOptions): Promise<Database>;
  /** Closes every connection and removes the documents. The database is dropped, or used again by a later test file. */
  drop(): Promise<void>;
}

/**
 * Opens a database of its own on the given MongoDB, with collections and indexes. `addressOf` changes the address for
 * the stores' own connection, for example to that of a proxy.
 */
export async function openTestDatabase(
  mongoUri: string,
  name: string,
  addressOf?: (uri: string) => string,
): Promise<TestDatabase> {
  const empty = openEmptyDatabase(mongoUri, name, addressOf);
  const database = await empty.connect();
  return { ...empty, database, stores: database.stores };
}

/**
 * The databases that earlier test files of this process have left empty, by MongoDB. To create the collections and indexes of a
 * new one costs half a second of CPU.
 */
const spares = new Map<string, string[]>();

/** The collections and indexes of a database as a server creates them. */
let declaredShape: string | undefined;

/** To drop a database with more documents is faster than to remove them. */
const REMOVED_MAX = 10_000;

/** The same before any server has connected to it. `name` begins the name of a new database. */
export function openEmptyDatabase(
  mongoUri: string,
  name: string,
  addressOf = (uri: string) => uri,
): Omit<TestDatabase, 'database' | 'stores'> {
  const uri = spares.get(mongoUri)?.pop() ?? newUri(mongoUri, name);
  const client = new mongo.MongoClient(uri);
  const databases: Database[] = [];
  return {
    uri,
    raw: client.db(),
    async connect(options) {
      const database = await connectDatabase(addressOf(uri), options);
      databases.push(database);
      declaredShape ??= await shapeOf(client.db());
      return database;
    },
    async drop() {
      await Promise.all(databases.map((each) => each.close()));
      if (await removeDocuments(client.db())) spares.set(mongoUri, [...(spares.get(mongoUri) ?? []), uri]);
      else await client.db().dropDatabase();
      await client.close();
    },
  };
}

function newUri(mongoUri: string, name: string): string {
  const url = new URL(mongoUri);
  url.pathname = `/${name}_${randomBytes(6).toString('hex')}`;
  return url.href;
}

/** Removes all documents, unless a test has changed collections or indexes; returns whether it did. */
async function removeDocuments(db: mongo.Db): Promise<boolean> {
  const { objects } = await db.stats();
  if (objects > REMOVED_MAX || (await shapeOf(db)) !== declaredShape) return false;
  const collections = await db.collections();
  await Promise.all(collections.map((collection) => collection.deleteMany()));
  return true;
}

/** The collections and indexes as text. */
async function shapeOf(db: mongo.Db): Promise<string> {
  const listed = await db.listCollections({}, { nameOnly: false }).toArray();
  const shapes = listed.map(async ({ name, type, options }) => {
    const indexes = await db.collection(name).indexes();
    const byName = indexes.toSorted((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1));
    return JSON.stringify({ name, type, options, indexes: byName });
  });
  return (await Promise.all(shapes)).sort().join('\n');
}
