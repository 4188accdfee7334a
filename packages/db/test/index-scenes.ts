import type { Id } from '@parley/contract';
import type { mongo } from 'mongoose';
import { onTestFinished } from 'vitest';
import { connectDatabase, type Database } from '../src/index.ts';
import { inScope, type TestDatabase } from '../src/testing/index.ts';
import { newChat, newTurn } from './examples.ts';

/** Stores a chat with a turn, so that indexes are not those of empty collections. */
export async function addChatWithTurn(
  { stores }: TestDatabase,
  scope: { readonly team: Id<'team'> },
): Promise<Id<'chat'>> {
  const chat = await newChat(stores, scope);
  await stores.turns.insert(inScope(scope, chat), newTurn(chat, 1));
  return chat;
}

/** Starts another server that maintains the database, and returns what it logs. It ends with the test, after `letEnd`. */
export async function startMaintainedServer(
  { uri }: TestDatabase,
  letEnd: () => Promise<void> = async () => undefined,
): Promise<{ server: Database; log: Record<string, unknown>[] }> {
  const server = await connectDatabase(uri);
  const log: Record<string, unknown>[] = [];
  const maintenance = server.maintain((level, event, fields) => log.push({ level, event, ...fields }));
  onTestFinished(async () => {
    await letEnd();
    await maintenance.close();
    await server.close();
  });
  return { server, log };
}

/** Returns an index by its name. */
export async function findIndex(
  { raw }: TestDatabase,
  collection: string,
  name: string,
): Promise<mongo.IndexDescriptionInfo | undefined> {
  return (await raw.collection(collection).indexes()).find((index) => index.name === name);
}
