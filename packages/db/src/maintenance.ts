import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from 'mongoose';
import { createLease } from './migrations/lease.ts';
import { type LiveServers, startHeartbeat } from './migrations/live-servers.ts';
import type { DatabaseLog } from './migrations/migration.ts';
import type { SchemaSteps } from './migrations/schema-steps.ts';
import type { VersionModels } from './migrations/version-models.ts';
import { createModels } from './models.ts';

/** How often a server looks whether there is something to do, and while there is. */
const LOOK_MS = 60_000;
const WORK_LOOK_MS = 5_000;

export interface MaintenanceParts {
  readonly versionModels: VersionModels;
  readonly servers: LiveServers;
  readonly steps: SchemaSteps;
  /** Opens a connection without the time limits of requests. */
  openSlowConnection(): Promise<Connection>;
}

/** Work on the database beside the service. */
export interface Maintenance {
  close(): Promise<void>;
}

/** Records this server as live, and brings the database to this schema version, one process at a time. */
export function startMaintenance(parts: MaintenanceParts, log: DatabaseLog): Maintenance {
  const stop = new AbortController();
  const { signal } = stop;
  const heartbeat = startHeartbeat(parts.versionModels, log);
  const lease = createLease(parts.versionModels, 'maintenance', signal);

  /** Answers whether something is left to do. */
  async function look(): Promise<boolean> {
    await parts.steps.markOutdated();
    if (await parts.steps.hasDue()) await lease.run((held) => maintain(parts, log, held));
    return (await parts.steps.pending()).length > 0;
  }

  const working = (async () => {
    await heartbeat.first;
    let pause = 0;
    while (!signal.aborted) {
      pause = WORK_LOOK_MS;
      try {
        if (!(await look())) pause = LOOK_MS;
      } catch (error) {
        if (!signal.aborted) log('warn', 'work on the database failed; it is tried again', { error });
      }
      // Jitter keeps servers from looking in step.
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

/** Does all that is to be done. The caller holds the lease. */
async function maintain(parts: MaintenanceParts, log: DatabaseLog, signal: AbortSignal): Promise<void> {
  const connection = await parts.openSlowConnection();
  // A command without a time limit would keep the process from stopping.
  const cut = () => void connection.destroy();
  signal.addEventListener('abort', cut, { once: true });
  try {
    signal.throwIfAborted();
    const context = { models: createModels(connection), db: connection.getClient().db(), signal, log };
    await parts.steps.run(context);
  } finally {
    signal.removeEventListener('abort', cut);
    await connection.destroy();
  }
}
