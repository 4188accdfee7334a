import type { mongo } from 'mongoose';
import { expect } from 'vitest';

/**
 * The markers of deleted chats, and the placeholders of their turns, name the chat for a day, but no team and no
 * user.
 */
const SETTLED_MARKER = { purgedAt: { $exists: true }, messages: [], team: { $exists: false } };

/** All that an announcement may hold. Its user is a hash. */
const CHANGE_FIELDS = new Set(['_id', 'team', 'user', 'agent', 'at', '__v']);

/**
 * Everything without the markers of deleted chats and the announcements of their deletion, to search for data of a deleted
 * chat. An announcement holds ids only, and no user's id.
 */
export async function everythingButMarkersIn(raw: mongo.Db): Promise<string> {
  const markers = await raw.collection('turns').find(SETTLED_MARKER).toArray();
  const changes = await raw.collection('chatChanges').find().toArray();
  for (const change of changes)
    expect(Object.keys(change)).toSatisfy((names: string[]) =>
      names.every((name) => CHANGE_FIELDS.has(name)),
    );
  return [...markers, ...changes].reduce(
    (text, document) => text.replace(JSON.stringify(document), ''),
    await everythingIn(raw),
  );
}

/** The documents of all collections of a database, also of later ones, as one text. */
export async function everythingIn(raw: mongo.Db): Promise<string> {
  const collections = await raw.collections();
  const documents = await Promise.all(
    collections.map(async (collection) => [collection.collectionName, await collection.find().toArray()]),
  );
  return JSON.stringify(documents);
}
