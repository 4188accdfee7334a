import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, mongo } from 'mongoose';
import { databaseOf } from '../connection/database-of.ts';
import { buildIndexes } from '../indexes/build-indexes.ts';
import { type AnyModels, findIndexChanges, missingUniqueIndexes } from '../indexes/collection-indexes.ts';
import { findIndexBuilds, type IndexBuild } from '../indexes/index-builds.ts';
import type { IndexChange } from '../indexes/plan-indexes.ts';
import { createModels, type Models } from '../models.ts';
import { version } from '../version.ts';
import { createLease, LEASE_MS } from './lease.ts';
import { type LiveServer, type LiveServers, startHeartbeat } from './live-servers.ts';
import type { DatabaseLog } from './migration.ts';
import { schemaVersion } from './migrations.ts';
import type { PendingStep, SchemaSteps } from './schema-steps.ts';
import { createVersionModels, type VersionModels } from './version-models.ts';

/** The interval at which a server checks for work, and the shorter one while there is some. */
const POLL_MS = 60_000;
const ACTIVE_POLL_MS = 5_000;
const FAILED_POLL_MAX_MS = 10 * 60_000;

const LEASE = 'maintenance';

/** The dependencies of work on the database. */
export interface MaintenanceDeps {
  readonly models: Models;
  readonly versionModels: VersionModels;
  readonly servers: LiveServers;
  readonly steps: SchemaSteps;
  readonly db: mongo.Db;
  readonly readiness: Readiness;
  /** Opens a connection without the time limits of requests. */
  openSlowConnection(): Promise<Connection>;
}

/** Work on the database beside the service. */
export interface Maintenance {
  close(): Promise<void>;
}

/** The status of a database and of the servers that work on it, for its operator. */
export interface DatabaseStatus {
  /** This software. */
  readonly software: { readonly version: string; readonly schemaVersion: number };
  /** The highest step that has finished on the database. */
  readonly schemaVersion: number;
  readonly pendingSteps: readonly PendingStep[];
  /** The process that works on the database now, or died while it did. */
  readonly maintenance: { readonly software: string; readonly startedAt: Date } | null;
  readonly indexChanges: readonly { collection: string; index: string; change: IndexChange['kind'] }[];
  readonly indexBuilds: readonly IndexBuild[];
  readonly servers: readonly LiveServer[];
  /** Connections of release 0.1.0, which records no servers. Null: MongoDB does not report them. */
  readonly unversionedConnections: number | null;
  /** The lowest schema version among all live servers. */
  readonly minimumSchemaVersion: number;
}

/** Whether the unique indexes exist that keep writes from being stored twice. */
export class Readiness {
  #missing: readonly string[] = [];

  /** The indexes that are missing, as `collection.index`. */
  get missing(): readonly string[] {
    return this.#missing;
  }

  judge(changes: readonly IndexChange[]): void {
    this.#missing = missingUniqueIndexes(changes).map(({ collection, name }) => `${collection}.${name}`);
  }
}

/** Records this server as live, and brings the database to this schema version, one process at a time. */
export function startMaintenance(deps: MaintenanceDeps, log: DatabaseLog): Maintenance {
  const { steps } = deps;
  const stop = new AbortController();
  const { signal } = stop;
  const heartbeat = startHeartbeat(deps.versionModels, log);
  const lease = createLease(deps.versionModels, LEASE, signal);

  /** Returns whether some work is left. */
  async function poll(): Promise<boolean> {
    await steps.markOutdated();
    const changes = await dueIndexChanges(deps);
    if (changes.length > 0 || (await steps.hasDue())) {
      await lease.run((held) => maintain(deps, log, held));
    }
    return (await dueIndexChanges(deps)).length > 0 || (await steps.pending()).length > 0;
  }

  const working = (async () => {
    await heartbeat.first;
    let pause = ACTIVE_POLL_MS;
    while (!signal.aborted) {
      try {
        pause = (await poll()) ? ACTIVE_POLL_MS : POLL_MS;
      } catch (error) {
        pause = Math.min(pause * 2, FAILED_POLL_MAX_MS);
        if (!signal.aborted) log('warn', 'migrating the database failed; retrying', { error });
      }
      // Jitter keeps servers from checking at the same time.
      await delay(pause * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    }
  })();

  return {
    async close() {
      stop.abort();
      await Promise.all([working, heartbeat.close()]);
    },
  };
}

/**
 * Does all work on the database as soon as no other process does. `again` repeats steps that have run.
 *
 * @throws Error that names the work that could not be done
 */
export async function migrateNow(
  deps: MaintenanceDeps,
  log: DatabaseLog,
  { again, signal }: { again: boolean; signal: AbortSignal },
): Promise<void> {
  const lease = createLease(deps.versionModels, LEASE, signal);
  while (!(await lease.run((held) => maintain(deps, log, held, again)))) {
    log('info', 'waiting for another process that migrates the database', {});
    await delay(LEASE_MS / 4, undefined, { signal });
  }
  await dueIndexChanges(deps);
}

/** Reads the status of the database for its operator. It queries the indexes of every collection. */
export async function findStatus(deps: MaintenanceDeps): Promise<DatabaseStatus> {
  const { steps, servers, versionModels, db } = deps;
  const [recorded, pendingSteps, holder, changes, indexBuilds, live, unversioned, minimum] =
    await Promise.all([
      steps.version(),
      steps.pending(),
      versionModels.leases.findOne({ _id: LEASE }).lean(),
      findIndexChanges(allModels(deps)),
      findIndexBuilds(db),
      servers.list(),
      servers.countUnversioned(),
      servers.minimumSchemaVersion(),
    ]);
  return {
    software: { version, schemaVersion },
    schemaVersion: recorded,
    pendingSteps,
    maintenance: holder && { software: holder.software, startedAt: holder.startedAt },
    indexChanges: changes.map(({ kind, index }) => ({
      ...{ collection: index.collection, index: index.name, change: kind },
    })),
    indexBuilds,
    servers: live,
    unversionedConnections: unversioned ?? null,
    minimumSchemaVersion: minimum,
  };
}

/**
 * A release that is older than the database leaves the indexes unchanged, because a newer release may have changed
 * them.
 */
async function dueIndexChanges(deps: MaintenanceDeps): Promise<IndexChange[]> {
  const changes = await findIndexChanges(allModels(deps));
  deps.readiness.judge(changes);
  return (await deps.steps.isNewest()) ? changes : [];
}

function allModels({ models, versionModels }: Pick<MaintenanceDeps, 'models' | 'versionModels'>): AnyModels {
  return { ...models, ...versionModels };
}

/** Builds indexes and runs the due steps. The caller holds the lease. */
async function maintain(
  deps: MaintenanceDeps,
  log: DatabaseLog,
  signal: AbortSignal,
  again = false,
): Promise<void> {
  const connection = await deps.openSlowConnection();
  // A command without a time limit would keep the process from stopping.
  const cut = () => void connection.destroy();
  signal.addEventListener('abort', cut, { once: true });
  try {
    signal.throwIfAborted();
    const models = createModels(connection);
    const db = databaseOf(connection);
    const work = { models: { ...models, ...createVersionModels(connection) }, db, signal, log };
    const failure = (await deps.steps.isNewest()) ? await buildIndexes(work) : undefined;
    await deps.steps.run({ models, db, signal, log }, again);
    // A step may have removed the reason why an index could not be built. The next check tries again.
    if (failure) throw failure;
  } finally {
    signal.removeEventListener('abort', cut);
    await connection.destroy();
  }
}
