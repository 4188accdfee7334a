import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, Mongoose } from 'mongoose';
import { createAgentStore } from './agent-store.ts';
import { createApiKeyStore } from './api-key-store.ts';
import { createAuditStore } from './audit-store.ts';
import { batchBounds, eventLoop } from './batching/event-loop.ts';
import { createReadBatches } from './batching/read-batches.ts';
import { createReadCommands, createWriteCommands } from './batching/turn-commands.ts';
import { createWriteBatches } from './batching/write-batches.ts';
import { createBudgetStore } from './budget-store.ts';
import { createChatStore } from './chat-store.ts';
import { createCredentialStore } from './credential-store.ts';
import { toApiError } from './database-errors.ts';
import { databaseOf } from './database-of.ts';
import { createDeletionStore } from './deletion-store.ts';
import { encryptInBackground } from './encryption/encrypt-in-background.ts';
import { createEncryptionControl, type EncryptionControl } from './encryption/encryption-control.ts';
import type { EncryptionKeys } from './encryption/encryption-key.ts';
import type { EncryptionDocument } from './encryption/encryption-state.ts';
import { type EncryptionOptions, ensureEncryption } from './encryption/ensure-encryption.ts';
import { createVault, type Vault, type VaultOptions } from './encryption/vault.ts';
import { guarded } from './guarded.ts';
import { createGuestStore } from './guest-store.ts';
import { ensureCollections, findIndexChanges, isMissing } from './indexes/collection-indexes.ts';
import { findIndexBuilds, type IndexBuild } from './indexes/index-builds.ts';
import {
  type DatabaseStatus,
  findStatus,
  type Maintenance,
  type MaintenanceParts,
  migrateNow,
  Readiness,
  startMaintenance,
} from './maintenance.ts';
import { createMessageStore } from './message-store.ts';
import { createLease } from './migrations/lease.ts';
import { APP_NAME, createLiveServers } from './migrations/live-servers.ts';
import type { DatabaseLog } from './migrations/migration.ts';
import { migrations } from './migrations/migrations.ts';
import { createSchemaSteps } from './migrations/schema-steps.ts';
import { createVersionModels } from './migrations/version-models.ts';
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
  /** The highest migration step that has finished. */
  readonly schemaVersion: number;
  /** Indexes that are not there, or not as the code declares them. Servers build them in the background. */
  readonly missingIndexes: number;
  readonly indexBuilds: readonly IndexBuild[];
}

export interface Database {
  readonly stores: Stores;
  /** Whether the primary answers within two seconds. */
  isReachable(): Promise<boolean>;
  /**
   * How the database is kept, as far as its operator should look at it. Asks for the indexes of every collection.
   *
   * @throws ApiError `database_unavailable`
   */
  inspect(): Promise<DatabaseState>;
  /**
   * Unique indexes that are missing, as `collection.index`. While there are any, a write could be doubled: send this process
   * no requests. Known from the connection on; `maintain` keeps it current.
   */
  missingPromises(): readonly string[];
  /** @throws ApiError `database_unavailable` */
  status(): Promise<DatabaseStatus>;
  /**
   * Does in the foreground what `maintain` does in the background, and resolves when it is done.
   *
   * @throws Error of what cannot be done
   */
  migrate(log: DatabaseLog, options: { again: boolean; signal: AbortSignal }): Promise<void>;
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
 * Connects to MongoDB and makes missing collections with their indexes; `maintain` builds what an existing collection
 * lacks. Concerns, read preference and time limits are set here and win over the connection string, so that no operator
 * weakens a promise by accident.
 *
 * @throws ApiError `database_unavailable` when it cannot be reached within seconds.
 * @throws Error when it is a standalone server (turns need a replica set's majority writes), when a newer release changed
 * the database so that this one cannot work with it, or when its secrets are encrypted with a key this process does not
 * have.
 */
export async function connectDatabase(
  uri: string,
  { encryption = {} }: DatabaseOptions = {},
): Promise<Database> {
  const connection = openConnection(uri, SILENCE_MS);
  const models = createModels(connection);
  let parts: MaintenanceParts;
  let keys: EncryptionKeys | undefined;
  try {
    await connection.asPromise();
    parts = await prepare(connection, models, () => openConnection(uri, NO_LIMIT).asPromise());
    keys = await ensureEncryption(models, encryption);
  } catch (error) {
    await connection.destroy().catch(() => undefined);
    throw toApiError(error);
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
    inspect: () => inTurn(() => inspect(parts)),
    missingPromises: () => parts.readiness.missing,
    status: () => inTurn(() => findStatus(parts)),
    migrate: (log, options) => inTurn(() => migrateNow(parts, log, options)),
    minimumSchemaVersion: () => inTurn(() => parts.servers.minimumSchemaVersion()),
    maintain(log) {
      const maintenance = startMaintenance(parts, log);
      const stop = new AbortController();
      const { signal } = stop;
      const lease = createLease(parts.versionModels, 'encryption', signal);
      const { minimumSchemaVersion } = parts.servers;
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

/** Rejects a database that this release cannot work with, and makes what the first write needs. */
async function prepare(
  connection: Connection,
  models: Models,
  openSlowConnection: () => Promise<Connection>,
): Promise<MaintenanceParts> {
  const db = databaseOf(connection);
  const versionModels = createVersionModels(connection);
  const servers = createLiveServers(versionModels, db.client, await isSharded(db));
  const steps = createSchemaSteps(versionModels, servers, migrations);
  await steps.assertSupported();
  const readiness = new Readiness();
  readiness.judge(await ensureCollections({ ...models, ...versionModels }));
  return { models, versionModels, servers, steps, db, readiness, openSlowConnection };
}

/** Connection errors become `database_unavailable` here too. */
async function inTurn<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    throw toApiError(error);
  }
}

async function inspect({ db, models, versionModels, steps }: MaintenanceParts): Promise<DatabaseState> {
  const [{ hosts }, schemaVersion, changes, indexBuilds] = await Promise.all([
    db.command({ hello: 1 }),
    steps.version(),
    findIndexChanges({ ...models, ...versionModels }),
    findIndexBuilds(db),
  ]);
  return {
    ...(Array.isArray(hosts) ? { mode: 'replica set', members: hosts.length } : { mode: 'sharded cluster' }),
    ...{ schemaVersion, missingIndexes: changes.filter(isMissing).length, indexBuilds },
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

function vaultOf({ encryption }: Models, options: VaultOptions): Vault {
  return createVault(() => encryption.findOne({ _id: 'encryption' }).lean<EncryptionDocument>(), options);
}

function createStores(models: Models, vault: Vault): Stores {
  const reads = createReadBatches(createReadCommands(models), batchBounds, eventLoop);
  const writes = createWriteBatches(createWriteCommands(models), batchBounds, eventLoop);
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
    chats: guarded(createChatStore(models, reads)),
    messages: guarded(createMessageStore(models)),
    turns: guarded(createTurnStore(models, reads, writes)),
    turnLog: guarded(createTurnLogStore(models)),
    usage: guarded(createUsageStore(models)),
    budgets: guarded(createBudgetStore(models)),
    transfer: guarded(createTransferStore(models, vault)),
  };
}
