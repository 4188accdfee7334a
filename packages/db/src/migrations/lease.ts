import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isDuplicateKey } from '../connection/database-errors.ts';
import { version } from '../version.ts';
import type { VersionModels } from './version-models.ts';

/** A process that has not renewed for this long, by the watcher's own monotonic clock, counts as dead. */
export const LEASE_MS = 15_000;

/** The right to work on a database, which one process has at a time. */
export interface Lease {
  /**
   * Runs `work` if this process gets the lease. Returns false when another process holds it; call again later,
   * because a holder counts as dead only after this process has itself observed it for a whole lease.
   */
  run(work: (signal: AbortSignal) => Promise<void>): Promise<boolean>;
}

/** Only for operators who read the database. */
function holderNow() {
  return { software: version, startedAt: new Date() };
}

interface Sighting {
  readonly token: string;
  readonly renewals: number;
  readonly since: number;
}

/**
 * One document admits one process at a time. No clocks are compared: holders count renewals, and observers compare
 * the counts.
 */
export function createLease(
  { leases }: Pick<VersionModels, 'leases'>,
  id: string,
  signal: AbortSignal,
  leaseMs = LEASE_MS,
): Lease {
  let sighting: Sighting | undefined;

  async function take(): Promise<string | undefined> {
    const token = randomUUID();
    try {
      await leases.insertMany([{ _id: id, token, renewals: 0, ...holderNow() }], { lean: true });
      return token;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    const holder = await leases.findOne({ _id: id }).lean();
    if (!holder) return undefined;
    const { renewals } = holder;
    if (sighting?.token !== holder.token || sighting.renewals !== renewals) {
      sighting = { token: holder.token, renewals, since: performance.now() };
    }
    if (performance.now() - sighting.since < leaseMs) return undefined;
    const dead = { _id: id, token: holder.token, renewals };
    const { modifiedCount } = await leases.updateOne(dead, {
      $set: { token, renewals: 0, ...holderNow() },
    });
    return modifiedCount === 1 ? token : undefined;
  }

  /**
   * Renews until `signal` aborts. Aborts `lost` when another process took over, or no renewal was acknowledged in
   * time.
   */
  async function renew(token: string, lost: AbortController, ended: AbortSignal): Promise<void> {
    let acknowledgedAt = performance.now();
    for (;;) {
      await delay(leaseMs / 4, undefined, { signal: ended }).catch(() => undefined);
      if (ended.aborted) return;
      try {
        const startedAt = performance.now();
        const { matchedCount } = await leases.updateOne({ _id: id, token }, { $inc: { renewals: 1 } });
        if (matchedCount === 0) return lost.abort(new Error('Another process took over the lease.'));
        acknowledgedAt = startedAt;
      } catch (error) {
        if (performance.now() - acknowledgedAt > leaseMs / 2) return lost.abort(error);
      }
    }
  }

  return {
    async run(work) {
      const token = await take();
      if (token === undefined) return false;
      sighting = undefined;
      const lost = new AbortController();
      const ended = new AbortController();
      const renewing = renew(token, lost, ended.signal);
      try {
        await work(AbortSignal.any([signal, lost.signal]));
      } finally {
        ended.abort();
        await renewing;
        // The next process can begin at once. If this fails, it waits for a whole lease.
        await leases.deleteOne({ _id: id, token }).catch(() => undefined);
      }
      return true;
    },
  };
}
