import { setTimeout as delay } from 'node:timers/promises';
import { databases, type OpenMongo } from './open-mongo.ts';

const COLLECTIONS = ['chats', 'turns'];

/** How many of the newest are looked at. */
const COMPARED = 200;

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
  await untilCounted(mongo);
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

/** The server counts what ended a second ago; the mark of a turn that it has not counted is no field to stay. */
async function untilCounted({ client }: OpenMongo): Promise<void> {
  const turns = client.db(databases.server).collection('turns');
  while ((await turns.countDocuments({ isUncounted: true })) > 0) await delay(100);
}

interface Description {
  /** Of the newest document. */
  readonly fields: string;
  /** The mean size of the newest documents with the same fields: others come from another operation. */
  readonly bytes: number;
}

async function describe({ client }: OpenMongo, database: string, name: string): Promise<Description> {
  const found = await client
    .db(database)
    .collection(name)
    .aggregate<{ bytes: number; document: object }>([
      { $sort: { _id: -1 } },
      { $limit: COMPARED },
      { $project: { _id: 0, bytes: { $bsonSize: '$$ROOT' }, document: '$$ROOT' } },
    ])
    .toArray();
  const sizes = found.map(({ bytes, document }) => ({ bytes, fields: fieldsOf(document).join(' ') }));
  const fields = sizes[0]?.fields ?? '';
  const alike = sizes.filter((size) => size.fields === fields);
  const bytes = alike.reduce((sum, size) => sum + size.bytes, 0);
  return { fields, bytes: Math.round(bytes / Math.max(1, alike.length)) };
}

function fieldsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return fieldsOf(value.at(-1), `${path}[]`);
  if (typeof value !== 'object' || value === null || value instanceof Date) return [path];
  return Object.entries(value)
    .flatMap(([name, inner]) => fieldsOf(inner, path === '' ? name : `${path}.${name}`))
    .sort();
}
