import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, mongo } from 'mongoose';
import { databaseOf } from '../connection/database-of.ts';
import { buildIndexes } from '../indexes/build-indexes.ts';
import { type AnyModels, findIndexChanges, missingPromises } from '../indexes/collection-indexes.ts';
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
const LOOK_MS = 60_000;
const WORK_LOOK_MS = 5_000;
const FAILED_LOOK_MAX_MS = 10 * 60_000;

const LEASE = 'maintenance';

/** The dependencies of work on the database. */
export interface MaintenanceParts {
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
    this.#missing = missingPromises(changes).map(({ collection, name }) => `${collection}.${name}`);
  }
}

/** Records this server as live, and brings the database to this schema version, one process at a time. */
export function startMaintenance(parts: MaintenanceParts, log: DatabaseLog): Maintenance {
  const { steps } = parts;
  const stop = new AbortController();
  const { signal } = stop;
  const heartbeat = startHeartbeat(parts.versionModels, log);
  const lease = createLease(parts.versionModels, LEASE, signal);

  /** Returns whether some work is left. */
  async function look(): Promise<boolean> {
    await steps.markOutdated();
    const changes = await dueIndexChanges(parts);
    if (changes.length > 0 || (await steps.hasDue())) {
      await lease.run((held) => maintain(parts, log, held));
    }
    return (await dueIndexChanges(parts)).length > 0 || (await steps.pending()).length > 0;
  }

  const working = (async () => {
    await heartbeat.first;
    let pause = WORK_LOOK_MS;
    while (!signal.aborted) {
      try {
        pause = (await look()) ? WORK_LOOK_MS : LOOK_MS;
      } catch (error) {
        pause = Math.min(pause * 2, FAILED_LOOK_MAX_MS);
        if (!signal.aborted) log('warn', 'work on the database failed; it is tried again', { error });
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
  parts: MaintenanceParts,
  log: DatabaseLog,
  { again, signal }: { again: boolean; signal: AbortSignal },
): Promise<void> {
  const lease = createLease(parts.versionModels, LEASE, signal);
  while (!(await lease.run((held) => maintain(parts, log, held, again)))) {
    log('info', 'another process works on the database; waiting for it', {});
    await delay(LEASE_MS / 4, undefined, { signal });
  }
  await dueIndexChanges(parts);
}

/** Reads the status of the database for its operator. It queries the indexes of every collection. */
export async function findStatus(parts: MaintenanceParts): Promise<DatabaseStatus> {
  const { steps, servers, versionModels, db } = parts;
  const [recorded, pendingSteps, holder, changes, indexBuilds, live, unversioned, minimum] =
    await Promise.all([
      steps.version(),
      steps.pending(),
      versionModels.leases.findOne({ _id: LEASE }).lean(),
      findIndexChanges(allModels(parts)),
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
async function dueIndexChanges(parts: MaintenanceParts): Promise<IndexChange[]> {
  const changes = await findIndexChanges(allModels(parts));
  parts.readiness.judge(changes);
  return (await parts.steps.isNewest()) ? changes : [];
}

function allModels({ models, versionModels }: Pick<MaintenanceParts, 'models' | 'versionModels'>): AnyModels {
  return { ...models, ...versionModels };
}

/** Builds indexes and runs the due steps. The caller holds the lease. */
async function maintain(
  parts: MaintenanceParts,
  log: DatabaseLog,
  signal: AbortSignal,
  again = false,
): Promise<void> {
  const connection = await parts.openSlowConnection();
  // A command without a time limit would keep the process from stopping.
  const cut = () => void connection.destroy();
  signal.addEventListener('abort', cut, { once: true });
  try {
    signal.throwIfAborted();
    const models = createModels(connection);
    const db = databaseOf(connection);
    const work = { models: { ...models, ...createVersionModels(connection) }, db, signal, log };
    const failure = (await parts.steps.isNewest()) ? await buildIndexes(work) : undefined;
    await parts.steps.run({ models, db, signal, log }, again);
    // A step may have removed the reason why an index could not be built. The next check tries again.
    if (failure) throw failure;
  } finally {
    signal.removeEventListener('abort', cut);
    await connection.destroy();
  }
}
