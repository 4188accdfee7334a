import type { mongo } from 'mongoose';

/** All documents of all collections of a database, also of those that are added some day, as one text. */
export async function everythingIn(raw: mongo.Db): Promise<string> {
  const collections = await raw.collections();
  const documents = await Promise.all(
    collections.map(async (collection) => [collection.collectionName, await collection.find().toArray()]),
  );
  return JSON.stringify(documents);
}
