import { databases, type OpenMongo } from './open-mongo.ts';

const COLLECTIONS = ['chats', 'turns'];

/** Sizes may differ by a few digits of a number. */
const SIZE_RATIO_MAX = 1.03;

/** Gives the floor's collections the indexes the server has made for its own: writes cost what they cost there. */
export async function copyIndexes({ client }: OpenMongo): Promise<void> {
  for (const name of COLLECTIONS) {
    const collection = await client.db(databases.floor).createCollection(name);
    for (const { v, key, ...options } of await client.db(databases.server).collection(name).indexes()) {
      if (options.name !== '_id_') await collection.createIndex(key, options);
    }
  }
}

/**
 * Compares what both have stored: a floor that stores less than the server would be none.
 *
 * @throws Error that names the fields of both, when their documents differ in their fields or their size
 */
export async function expectSameDocuments(mongo: OpenMongo): Promise<void> {
  for (const name of COLLECTIONS) {
    const [server, floor] = await Promise.all([
      describe(mongo, databases.server, name),
      describe(mongo, databases.floor, name),
    ]);
    // An operation alone may have written nothing here.
    if (server.bytes === 0 && floor.bytes === 0) continue;
    const ratio = server.bytes / floor.bytes;
    const isSame = server.fields === floor.fields && ratio < SIZE_RATIO_MAX && 1 / ratio < SIZE_RATIO_MAX;
    if (!isSame) {
      throw new Error(
        `The floor does not store the ${name} that the server stores: bring bench/floor up to date.\n` +
          `  server: ${server.fields}, ${server.bytes} bytes\n  floor: ${floor.fields}, ${floor.bytes} bytes`,
      );
    }
  }
}

interface Description {
  readonly fields: string;
  /** The mean size of a document. */
  readonly bytes: number;
}

async function describe({ client }: OpenMongo, database: string, name: string): Promise<Description> {
  const [found] = await client
    .db(database)
    .collection(name)
    .aggregate([
      { $sort: { _id: -1 } },
      { $limit: 200 },
      {
        $group: {
          _id: null,
          bytes: { $avg: { $bsonSize: '$$ROOT' } },
          fields: { $last: '$$ROOT' },
        },
      },
    ])
    .toArray();
  const { bytes = 0, fields = {} } = found ?? {};
  return { bytes: Math.round(bytes), fields: fieldsOf(fields).join(' ') };
}

function fieldsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return fieldsOf(value.at(-1), `${path}[]`);
  if (typeof value !== 'object' || value === null || value instanceof Date) return [path];
  return Object.entries(value)
    .flatMap(([name, inner]) => fieldsOf(inner, path === '' ? name : `${path}.${name}`))
    .sort();
}
