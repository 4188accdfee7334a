import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from 'mongoose';
import { encryptInBackground } from '../encryption/encrypt-in-background.ts';
import { createEncryptionControl, type EncryptionControl } from '../encryption/encryption-control.ts';
import type { EncryptionKeys } from '../encryption/encryption-key.ts';
import type { EncryptionDocument } from '../encryption/encryption-state.ts';
import { type EncryptionOptions, ensureEncryption } from '../encryption/ensure-encryption.ts';
import { createVault, type Vault, type VaultOptions } from '../encryption/vault.ts';
import { ensureCollections, findIndexChanges, isMissing } from '../indexes/collection-indexes.ts';
import { findIndexBuilds, type IndexBuild } from '../indexes/index-builds.ts';
import { createLease } from '../migrations/lease.ts';
import { createLiveServers, type LiveServers } from '../migrations/live-servers.ts';
import {
  type DatabaseStatus,
  findStatus,
  type Maintenance,
  type MaintenanceDeps,
  migrateNow,
  Readiness,
  startMaintenance,
} from '../migrations/maintenance.ts';
import type { DatabaseLog } from '../migrations/migration.ts';
import { migrations, VERSIONS_SINCE } from '../migrations/migrations.ts';
import { createSchemaSteps } from '../migrations/schema-steps.ts';
import { createVersionModels } from '../migrations/version-models.ts';
import { createModels, type Models } from '../models.ts';
import { createStores, type Stores } from '../stores.ts';
import { toApiError } from './database-errors.ts';
import { databaseOf } from './database-of.ts';
import { NO_LIMIT, openConnection, SILENCE_MS } from './open-connection.ts';

/** A database that does not answer in this time counts as unreachable. */
const REACHABLE_MS = 2_000;

/** How long the versions of the live servers count after they were read. */
const SERVERS_AGE_MAX_MS = 5_000;

/** The state of a database, for health reports. */
export interface DatabaseState {
  readonly mode: 'replica set' | 'sharded cluster';
  /** The number of members of the replica set. Absent for a sharded cluster. */
  readonly members?: number;
  /** The highest migration step that has finished. */
  readonly schemaVersion: number;
  /** Indexes that are missing or not as the code declares them. Servers build them in the background. */
  readonly missingIndexes: number;
  readonly indexBuilds: readonly IndexBuild[];
}

/** A connection to MongoDB, with the stores on it. */
export interface Database {
  readonly stores: Stores;
  /** Whether the primary answers within two seconds. */
  isReachable(): Promise<boolean>;
  /**
   * The state of the database, for health reports. It queries the indexes of every collection.
   *
   * @throws ApiError `database_unavailable`
   */
  inspect(): Promise<DatabaseState>;
  /**
   * Missing unique indexes, as `collection.index`. While there are any, two writes could both succeed where one must fail: do
   * not send requests to this process. `maintain` keeps the list current.
   */
  missingUniqueIndexes(): readonly string[];
  /** @throws ApiError `database_unavailable` */
  status(): Promise<DatabaseStatus>;
  /**
   * Does the work of `maintain` in the foreground, and resolves when it is done.
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
  /** Whether every live server knows that a chat shows one of several paths. Read again after some seconds. */
  allowsVersions(): Promise<boolean>;
  /** The operator's control of the encryption of secrets. */
  readonly encryption: EncryptionControl;
  close(): Promise<void>;
}

/** Options of `connectDatabase`. */
export interface DatabaseOptions {
  /** The keys that seal secrets, and the behavior without a key. */
  readonly encryption?: EncryptionOptions | undefined;
  /**
   * Says that no server of release 0.1.0 works on this database, for a MongoDB that does not list its connections. Where it
   * lists them, it is asked. Default: unknown, so versions of messages are rejected there.
   */
  readonly hasNoOlderServers?: boolean | undefined;
}

/**
 * Connects to MongoDB and creates missing collections with their indexes; `maintain` builds the missing indexes of
 * existing collections. Concerns, read preference and time limits are set here and override the connection string, so
 * that no operator weakens a guarantee by accident.
 *
 * @throws ApiError `database_unavailable` when it cannot be reached within seconds. @throws Error when it is a
 * standalone server (turns need a replica set's majority writes), when a newer release changed the database so that
 * this one cannot work with it, or when its secrets are encrypted with a key this process does not have.
 */
export async function connectDatabase(
  uri: string,
  { encryption = {}, hasNoOlderServers = false }: DatabaseOptions = {},
): Promise<Database> {
  const connection = openConnection(uri, SILENCE_MS);
  const models = createModels(connection);
  let deps: MaintenanceDeps;
  let keys: EncryptionKeys | undefined;
  try {
    await connection.asPromise();
    deps = await prepare(connection, models, () => openConnection(uri, NO_LIMIT).asPromise());
    keys = await ensureEncryption(models, encryption);
  } catch (error) {
    await connection.destroy().catch(() => undefined);
    throw toApiError(error);
  }
  const allowsVersions = allowsVersionsOn(deps.servers, hasNoOlderServers);
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
    inspect: () => inTurn(() => inspect(deps)),
    missingUniqueIndexes: () => deps.readiness.missing,
    status: () => inTurn(() => findStatus(deps)),
    migrate: (log, options) => inTurn(() => migrateNow(deps, log, options)),
    minimumSchemaVersion: () => inTurn(() => deps.servers.minimumSchemaVersion()),
    allowsVersions: () => inTurn(allowsVersions),
    maintain(log) {
      const maintenance = startMaintenance(deps, log);
      const stop = new AbortController();
      const { signal } = stop;
      const lease = createLease(deps.versionModels, 'encryption', signal);
      const { minimumSchemaVersion } = deps.servers;
      const encrypting = encryptInBackground({
        ...{ models, control, lease, minimumSchemaVersion, log, signal, pollMs: encryption.pollMs },
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

/** Rejects a database that this release cannot work with, and creates the collections that the first write needs. */
async function prepare(
  connection: Connection,
  models: Models,
  openSlowConnection: () => Promise<Connection>,
): Promise<MaintenanceDeps> {
  const db = databaseOf(connection);
  const versionModels = createVersionModels(connection);
  const servers = createLiveServers(versionModels, db.client, await isSharded(db));
  const steps = createSchemaSteps(versionModels, servers, migrations);
  await steps.assertSupported();
  const readiness = new Readiness();
  readiness.judge(await ensureCollections({ ...models, ...versionModels }));
  return { models, versionModels, servers, steps, db, readiness, openSlowConnection };
}

/** The versions of the live servers are read only when a version of a message is about to be stored. */
function allowsVersionsOn({ allKnow }: Pick<LiveServers, 'allKnow'>, isOperatorSure: boolean) {
  let known: { readonly allows: boolean; readonly at: number } | undefined;
  return async (): Promise<boolean> => {
    if (known && performance.now() - known.at < SERVERS_AGE_MAX_MS) return known.allows;
    const allows = await allKnow(VERSIONS_SINCE, isOperatorSure);
    known = { allows, at: performance.now() };
    return allows;
  };
}

/** Connection errors become `database_unavailable` here too. */
async function inTurn<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    throw toApiError(error);
  }
}

async function inspect({ db, models, versionModels, steps }: MaintenanceDeps): Promise<DatabaseState> {
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
