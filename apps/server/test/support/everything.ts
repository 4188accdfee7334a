import type { mongo } from 'mongoose';

/** For a day, the marker of a deleted chat and the placeholders of its turns name the chat, but no team and no user. */
const SETTLED_MARKER = { purgedAt: { $exists: true }, messages: [], team: { $exists: false } };

/** The same without the markers of deleted chats: what names a chat here was left behind. */
export async function everythingButMarkersIn(raw: mongo.Db): Promise<string> {
  const markers = await raw.collection('turns').find(SETTLED_MARKER).toArray();
  return markers.reduce((text, marker) => text.replace(JSON.stringify(marker), ''), await everythingIn(raw));
}

/** All documents of all collections of a database, also of those that are added some day, as one text. */
export async function everythingIn(raw: mongo.Db): Promise<string> {
  const collections = await raw.collections();
  const documents = await Promise.all(
    collections.map(async (collection) => [collection.collectionName, await collection.find().toArray()]),
  );
  return JSON.stringify(documents);
}
