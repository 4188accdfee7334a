import { Mongoose } from 'mongoose';
import { createAgentStore } from './agent-store.ts';
import { createApiKeyStore } from './api-key-store.ts';
import { createChatStore } from './chat-store.ts';
import { guarded } from './database-errors.ts';
import { createMessageStore } from './message-store.ts';
import { createModels, type Models } from './models.ts';
import type { Stores } from './store.ts';
import { createTeamStore } from './team-store.ts';
import { createTurnStore } from './turn-store.ts';

/** No call waits longer for a database that is away: "in seconds" is what a caller is promised. */
const SELECTION_MS = 3_000;
const OPERATION_MS = 8_000;

const NAMES_DATABASE = /^mongodb(?:\+srv)?:\/\/[^/]+\/[^?]+/;

export interface Database {
  readonly stores: Stores;
  /** Whether the primary answers now. */
  isReachable(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Connects to MongoDB and sees to collections and indexes. Concerns, read preference and time limits are set
 * here and win over the connection string, so that no operator weakens a promise by accident.
 *
 * @throws Refusal `database_unavailable` when it cannot be reached within seconds.
 * @throws Error when it is a standalone server: turns need a replica set's majority writes.
 */
export async function connectDatabase(uri: string): Promise<Database> {
  const mongoose = new Mongoose();
  mongoose.set('sanitizeFilter', true);
  mongoose.set('strictQuery', 'throw');
  const connection = mongoose.createConnection(uri, {
    ...(!NAMES_DATABASE.test(uri) && { dbName: 'parley' }),
    appName: 'parley',
    readConcernLevel: 'majority',
    readPreference: 'primary',
    writeConcern: { w: 'majority', journal: true, wtimeoutMS: OPERATION_MS },
    retryReads: true,
    retryWrites: true,
    serverSelectionTimeoutMS: SELECTION_MS,
    connectTimeoutMS: SELECTION_MS,
    socketTimeoutMS: OPERATION_MS,
    bufferCommands: false,
  });
  const models = createModels(connection);
  try {
    await connection.asPromise();
    await refuseStandalone(connection.getClient().db());
    await ensureCollections(models);
  } catch (error) {
    await connection.destroy().catch(() => undefined);
    throw error;
  }
  return {
    stores: createStores(models),
    isReachable: async () => {
      try {
        await connection.getClient().db().command({ ping: 1 });
        return true;
      } catch {
        return false;
      }
    },
    close: () => connection.close(),
  };
}

interface Commands {
  command(command: { hello: 1 }): Promise<Record<string, unknown>>;
}

async function refuseStandalone(database: Commands): Promise<void> {
  const hello = await database.command({ hello: 1 });
  if (hello['setName'] === undefined && hello['msg'] !== 'isdbgrid') {
    throw new Error(
      'This MongoDB is a standalone server. Parley needs a replica set (one node is enough): ' +
        'start mongod with --replSet and run rs.initiate() once.',
    );
  }
}

async function ensureCollections(models: Models): Promise<void> {
  await Promise.all(
    Object.values(models).map(async (model) => {
      await model.createCollection();
      await model.createIndexes();
    }),
  );
}

function createStores(models: Models): Stores {
  return {
    teams: guarded(createTeamStore(models)),
    apiKeys: guarded(createApiKeyStore(models)),
    agents: guarded(createAgentStore(models)),
    chats: guarded(createChatStore(models)),
    messages: guarded(createMessageStore(models)),
    turns: guarded(createTurnStore(models)),
  };
}
