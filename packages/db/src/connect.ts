import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, Mongoose } from 'mongoose';
import { createAgentStore } from './agent-store.ts';
import { createApiKeyStore } from './api-key-store.ts';
import { createAuditStore } from './audit-store.ts';
import { createBudgetStore } from './budget-store.ts';
import { createChatStore } from './chat-store.ts';
import { createCredentialStore } from './credential-store.ts';
import { toRefusal } from './database-errors.ts';
import { createDeletionStore } from './deletion-store.ts';
import { encryptInBackground } from './encryption/encrypt-in-background.ts';
import { createEncryptionControl, type EncryptionControl } from './encryption/encryption-control.ts';
import type { EncryptionKeys } from './encryption/encryption-key.ts';
import type { EncryptionDocument } from './encryption/encryption-state.ts';
import { type EncryptionOptions, ensureEncryption } from './encryption/ensure-encryption.ts';
import { createVault, type Vault, type VaultOptions } from './encryption/vault.ts';
import { guarded } from './guarded.ts';
import { createGuestStore } from './guest-store.ts';
import { type Maintenance, startMaintenance } from './maintenance.ts';
import { createMessageStore } from './message-store.ts';
import { createLease } from './migrations/lease.ts';
import { APP_NAME, createLiveServers, type LiveServers } from './migrations/live-servers.ts';
import type { DatabaseLog } from './migrations/migration.ts';
import { migrations } from './migrations/migrations.ts';
import { createSchemaSteps, type SchemaSteps } from './migrations/schema-steps.ts';
import { createVersionModels, type VersionModels } from './migrations/version-models.ts';
import { createModels, type Models } from './models.ts';
import { createRequestCountStore } from './request-count-store.ts';
import { createSigningSecretStore } from './signing-secret-store.ts';
import type { Stores } from './store.ts';
import { createTeamStore } from './team-store.ts';
import { createTransferStore } from './transfer-store.ts';
import { createTurnLogStore } from './turn-log-store.ts';
import { createTurnStore } from './turn-store.ts';
import { createUsageStore } from './usage-store.ts';
import { createUserStatusStore } from './user-status-store.ts';
import { createVisitorStore } from './visitor-store.ts';

/** How long a server is looked for. An election takes longer, but what waits for one is tried again later. */
const SELECTION_MS = 3_000;
/** How long a write waits for the majority. */
const MAJORITY_MS = 5_000;
/** How long a socket may be silent: longer than the server itself lets a write wait. */
const SILENCE_MS = 6_000;
/** A question whose answer is late counts as answered with no. */
const REACHABLE_MS = 2_000;
/** The driver's word for sockets that may be silent for any time: an index build is. */
const NO_LIMIT = 0;

/**
 * What the connection string does not decide, in all the driver's spellings. They are taken out of it, because
 * the driver mixes parts of a concern from there with ours (`journal=false` would win).
 */
const DECIDED_HERE = new Set([
  ...['w', 'j', 'journal', 'fsync', 'wtimeout', 'wtimeoutms'],
  ...['readconcernlevel', 'readpreference', 'readpreferencetags', 'maxstalenessseconds'],
  ...['retryreads', 'retrywrites', 'timeoutms', 'sockettimeoutms', 'connecttimeoutms'],
  ...['serverselectiontimeoutms', 'waitqueuetimeoutms'],
]);

const NAMES_DATABASE = /^mongodb(?:\+srv)?:\/\/[^/]+\/[^?]+/;

export interface DatabaseState {
  readonly mode: 'replica set' | 'sharded cluster';
  /** Of the replica set that answered; of a sharded cluster nobody says. */
  readonly members?: number;
  /** Indexes that are not there: they are made at a start, and somebody has dropped them since. */
  readonly missingIndexes: number;
}

export interface Database {
  readonly stores: Stores;
  /** Whether the primary answers within two seconds. */
  isReachable(): Promise<boolean>;
  /**
   * How the database is kept, as far as its operator should look at it. Asks for the indexes of every collection.
   *
   * @throws Refusal `database_unavailable`
   */
  inspect(): Promise<DatabaseState>;
  /**
   * Works on the database beside the service: records this process as a live server, and brings stored data to this
   * release's schema version. For processes that serve; `startServices` calls it.
   */
  maintain(log: DatabaseLog): Maintenance;
  /** The lowest schema version among all live servers. A feature that older servers would break waits for it. */
  minimumSchemaVersion(): Promise<number>;
  /** What its operator does with the encryption of secrets. */
  readonly encryption: EncryptionControl;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** The keys that secrets are sealed with, and what is done without one. */
  readonly encryption?: EncryptionOptions | undefined;
}

/**
 * Connects to MongoDB and sees to collections and indexes. Concerns, read preference and time limits are set
 * here and win over the connection string, so that no operator weakens a promise by accident.
 *
 * @throws Refusal `database_unavailable` when it cannot be reached within seconds.
 * @throws Error when it is a standalone server (turns need a replica set's majority writes), or when its secrets are
 * encrypted with a key this process does not have.
 */
export async function connectDatabase(
  uri: string,
  { encryption = {} }: DatabaseOptions = {},
): Promise<Database> {
  const connection = openConnection(uri, SILENCE_MS);
  const models = createModels(connection);
  const versionModels = createVersionModels(connection);
  let steps: SchemaSteps;
  let servers: LiveServers;
  let keys: EncryptionKeys | undefined;
  try {
    await connection.asPromise();
    const client = connection.getClient();
    servers = createLiveServers(versionModels, client, await isSharded(client.db()));
    steps = createSchemaSteps(versionModels, servers, migrations);
    await steps.assertSupported();
    await ensureCollections({ ...models, ...versionModels });
    keys = await ensureEncryption(models, encryption);
  } catch (error) {
    await connection.destroy().catch(() => undefined);
    throw toRefusal(error);
  }
  const control = createEncryptionControl(models, keys, encryption.settleMs);
  return {
    stores: createStores(models, vaultOf(models, { ...encryption, keys })),
    encryption: control,
    isReachable() {
      const ping = connection.getClient().db().command({ ping: 1 });
      const answered = ping.then(
        () => true,
        () => false,
      );
      const patience = new AbortController();
      const late = delay(REACHABLE_MS, false, { signal: patience.signal }).catch(() => false);
      return Promise.race([answered, late]).finally(() => patience.abort());
    },
    async inspect() {
      try {
        return await inspect(connection.getClient().db(), models);
      } catch (error) {
        throw toRefusal(error);
      }
    },
    maintain(log) {
      const openSlowConnection = () => openConnection(uri, NO_LIMIT).asPromise();
      const maintenance = startMaintenance({ versionModels, servers, steps, openSlowConnection }, log);
      const stop = new AbortController();
      const { signal } = stop;
      const lease = createLease(versionModels, 'encryption', signal);
      const { minimumSchemaVersion } = servers;
      const encrypting = encryptInBackground({
        ...{ models, control, lease, minimumSchemaVersion, log, signal, lookMs: encryption.lookMs },
      });
      return {
        async close() {
          stop.abort();
          await Promise.all([maintenance.close(), encrypting]);
        },
      };
    },
    async minimumSchemaVersion() {
      try {
        return await servers.minimumSchemaVersion();
      } catch (error) {
        throw toRefusal(error);
      }
    },
    close: () => connection.close(),
  };
}

/** A connection whose sockets may be silent for so long. */
function openConnection(uri: string, socketTimeoutMS: number): Connection {
  const mongoose = new Mongoose();
  mongoose.set('sanitizeFilter', true);
  mongoose.set('strictQuery', 'throw');
  return mongoose.createConnection(withoutDecided(uri), {
    ...(!NAMES_DATABASE.test(uri) && { dbName: 'parley' }),
    appName: APP_NAME,
    readConcernLevel: 'majority',
    readPreference: 'primary',
    writeConcern: { w: 'majority', journal: true, wtimeoutMS: MAJORITY_MS },
    retryReads: true,
    retryWrites: true,
    serverSelectionTimeoutMS: SELECTION_MS,
    connectTimeoutMS: SELECTION_MS,
    socketTimeoutMS,
    bufferCommands: false,
  });
}

async function inspect(database: Commands, models: Models): Promise<DatabaseState> {
  const [{ hosts }, ...differences] = await Promise.all([
    database.command({ hello: 1 }),
    ...Object.values(models).map((model) => model.diffIndexes()),
  ]);
  return {
    ...(Array.isArray(hosts) ? { mode: 'replica set', members: hosts.length } : { mode: 'sharded cluster' }),
    missingIndexes: differences.reduce((sum, { toCreate }) => sum + toCreate.length, 0),
  };
}

function withoutDecided(uri: string): string {
  const [address, query] = splitOnce(uri, '?');
  const kept = query.split('&').filter((pair) => !DECIDED_HERE.has(splitOnce(pair, '=')[0].toLowerCase()));
  return query === '' ? address : `${address}?${kept.join('&')}`;
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

interface Commands {
  command(command: { hello: 1 }): Promise<Record<string, unknown>>;
}

/** @throws Error when it is a standalone server */
async function isSharded(database: Commands): Promise<boolean> {
  const hello = await database.command({ hello: 1 });
  const isRouter = hello['msg'] === 'isdbgrid';
  if (hello['setName'] === undefined && !isRouter) {
    throw new Error(
      'This MongoDB is a standalone server. Parley needs a replica set (one node is enough): ' +
        'start mongod with --replSet and run rs.initiate() once.',
    );
  }
  return isRouter;
}

async function ensureCollections(models: Models & VersionModels): Promise<void> {
  await Promise.all(
    Object.values(models).map(async (model) => {
      await model.createCollection();
      await model.createIndexes();
    }),
  );
}

function vaultOf({ encryption }: Models, options: VaultOptions): Vault {
  return createVault(() => encryption.findOne({ _id: 'encryption' }).lean<EncryptionDocument>(), options);
}

function createStores(models: Models, vault: Vault): Stores {
  return {
    teams: guarded(createTeamStore(models)),
    apiKeys: guarded(createApiKeyStore(models)),
    requestCounts: guarded(createRequestCountStore(models)),
    guests: guarded(createGuestStore(models)),
    signingSecrets: guarded(createSigningSecretStore(models, vault)),
    userStatuses: guarded(createUserStatusStore(models)),
    credentials: guarded(createCredentialStore(models)),
    visitors: guarded(createVisitorStore(models)),
    agents: guarded(createAgentStore(models, vault)),
    audit: guarded(createAuditStore(models)),
    deletions: guarded(createDeletionStore(models)),
    chats: guarded(createChatStore(models)),
    messages: guarded(createMessageStore(models)),
    turns: guarded(createTurnStore(models)),
    turnLog: guarded(createTurnLogStore(models)),
    usage: guarded(createUsageStore(models)),
    budgets: guarded(createBudgetStore(models)),
    transfer: guarded(createTransferStore(models, vault)),
  };
}
