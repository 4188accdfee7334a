import type { ChatDocument, TurnDocument } from './documents.ts';
import { loadDriver } from './driver.ts';

export type Collections = Awaited<ReturnType<typeof openCollections>>;

/** Connects with the durability the server has: majority reads, majority writes in the journal. */
export async function openCollections(uri: string) {
  const { MongoClient } = loadDriver();
  const client = await MongoClient.connect(uri, {
    readConcernLevel: 'majority',
    writeConcern: { w: 'majority', journal: true },
  });
  const database = client.db();
  return {
    chats: database.collection<ChatDocument>('chats'),
    turns: database.collection<TurnDocument>('turns'),
  };
}
