import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, compact } from '@parley/contract';
import { mongo } from 'mongoose';
import { toApiError } from '../connection/database-errors.ts';
import { version } from '../version.ts';
import type { DatabaseLog } from './migration.ts';
import { schemaVersion } from './migrations.ts';
import type { ServerDocument, VersionModels } from './version-models.ts';

/** The interval of a server's heartbeats. */
const HEARTBEAT_MS = 20_000;
/** A server counts as live for this long after a heartbeat, by the database's own time. */
const LIVE_MS = 90_000;

/** The name of this release's connections. Release 0.1.0 used only `parley`, and wrote no heartbeats. */
export const APP_NAME = `parley/${version}`;
const UNVERSIONED_APP_NAME = 'parley';

/** A server that sent a heartbeat in the last 90 seconds. */
export interface LiveServer {
  readonly id: string;
  /** The release, such as `0.2.0`. */
  readonly software: string;
  readonly schemaVersion: number;
  readonly startedAt: Date;
}

/** The servers that work on a database now. */
export interface LiveServers {
  /** Servers that sent a heartbeat in the last 90 seconds. */
  list(): Promise<LiveServer[]>;
  /**
   * Connections of release 0.1.0, which sends no heartbeats, to this database server. They may belong to another
   * database of the same MongoDB. Undefined when MongoDB does not report them, as some hosted services do not.
   */
  countUnversioned(): Promise<number | undefined>;
  /**
   * The lowest schema version among all live servers, this one included; 0 while a server of release 0.1.0 is connected.
   * A feature that an older server would break stays off until this allows it.
   */
  minimumSchemaVersion(): Promise<number>;
  /**
   * Whether every live server knows this schema version. If MongoDB does not report connections, only the operator can tell that
   * no server of release 0.1.0 is connected: `isOperatorSure`.
   */
  allKnow(version: number, isOperatorSure: boolean): Promise<boolean>;
}

/**
 * Creates the view of the live servers of one database. `isSharded` says whether `client` is connected to a router, which
 * lists connections in another way.
 */
export function createLiveServers(
  { servers }: Pick<VersionModels, 'servers'>,
  client: mongo.MongoClient,
  isSharded: boolean,
): LiveServers {
  const isLive = { $gt: ['$seenAt', { $subtract: ['$$NOW', LIVE_MS] }] };

  async function list(): Promise<LiveServer[]> {
    const found = await servers.aggregate<ServerDocument>([
      { $match: { $expr: isLive } },
      { $sort: { _id: 1 } },
    ]);
    return found.map(({ _id: id, software, schemaVersion: known, startedAt }) => ({
      ...{ id, software, schemaVersion: known, startedAt },
    }));
  }

  async function countConnections(allUsers: boolean): Promise<number> {
    // MongoDB answers this from memory and accepts no other read concern. In a sharded cluster the router answers.
    const pipeline = [
      { $currentOp: compact({ idleConnections: true, allUsers, localOps: isSharded || undefined }) },
      { $match: { appName: UNVERSIONED_APP_NAME } },
      { $count: 'connections' },
    ];
    const readConcern = new mongo.ReadConcern('local');
    const [found] = await client.db('admin').aggregate(pipeline, { readConcern }).toArray();
    return found?.['connections'] ?? 0;
  }

  async function countUnversioned(): Promise<number | undefined> {
    // The connections of all users need a privilege; those of this user do not.
    for (const allUsers of [true, false]) {
      try {
        return await countConnections(allUsers);
      } catch (error) {
        if (!isRejected(error)) throw error;
      }
    }
    return undefined;
  }

  return {
    list,
    countUnversioned,
    async minimumSchemaVersion() {
      const [live, unversioned] = await Promise.all([list(), countUnversioned()]);
      if (unversioned !== 0) return 0;
      return Math.min(schemaVersion, ...live.map((server) => server.schemaVersion));
    },
    async allKnow(version, isOperatorSure) {
      const [live, unversioned] = await Promise.all([list(), countUnversioned()]);
      const isWithoutOlder = unversioned === undefined ? isOperatorSure : unversioned === 0;
      return isWithoutOlder && live.every((server) => server.schemaVersion >= version);
    },
  };
}

/** Whether MongoDB answered that it does not support this, or not for this user. */
function isRejected(error: unknown): boolean {
  return error instanceof mongo.MongoServerError && !(toApiError(error) instanceof ApiError);
}

/** Records that this server is live, until the returned function is called. */
export function startHeartbeat({ servers }: Pick<VersionModels, 'servers'>, log: DatabaseLog) {
  const id = `server_${randomUUID().replaceAll('-', '')}`;
  const startedAt = new Date();
  const stop = new AbortController();
  const beat = async () => {
    try {
      const server = { software: version, schemaVersion, startedAt };
      await servers.updateOne(
        { _id: id },
        { $set: server, $currentDate: { seenAt: true } },
        { upsert: true },
      );
    } catch (error) {
      log('warn', 'the heartbeat failed; it is tried again', { error });
    }
  };
  const first = beat();
  const beating = (async () => {
    await first;
    while (!stop.signal.aborted) {
      await delay(HEARTBEAT_MS, undefined, { signal: stop.signal }).catch(() => undefined);
      if (!stop.signal.aborted) await beat();
    }
    await servers.deleteOne({ _id: id }).catch(() => undefined);
  })();
  return {
    /** Resolves after the first heartbeat, or its failure. */
    first,
    async close(): Promise<void> {
      stop.abort();
      await beating;
    },
  };
}
