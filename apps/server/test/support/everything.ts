import type { mongo } from 'mongoose';

/**
 * The markers of deleted chats, and the placeholders of their turns, name the chat for a day, but no team and no
 * user.
 */
const SETTLED_MARKER = { purgedAt: { $exists: true }, messages: [], team: { $exists: false } };

/** Everything without the markers of deleted chats, to search for data of a deleted chat. */
export async function everythingButMarkersIn(raw: mongo.Db): Promise<string> {
  const markers = await raw.collection('turns').find(SETTLED_MARKER).toArray();
  return markers.reduce((text, marker) => text.replace(JSON.stringify(marker), ''), await everythingIn(raw));
}

/** The documents of all collections of a database, also of later ones, as one text. */
export async function everythingIn(raw: mongo.Db): Promise<string> {
  const collections = await raw.collections();
  const documents = await Promise.all(
    collections.map(async (collection) => [collection.collectionName, await collection.find().toArray()]),
  );
  return JSON.stringify(documents);
}
