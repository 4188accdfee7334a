import type { TurnParts } from './parts.ts';
import { type Run, type RunningTurns, RunStopped } from './run.ts';

/** Three may fail in a row: the fourth would come too late. */
const ROUNDS_PER_LEASE = 4;

/**
 * Renews the leases of all running turns with one write per round. No clock is compared with another
 * process's: a renewal counts up, and whoever watches sees the count move. A run whose renewals fail stops at
 * its own monotonic deadline, which lies before any other process may take it over. A round does not wait for
 * the one before: a single write that hangs must not cost the leases.
 */
export async function keepLeases(
  parts: TurnParts,
  running: RunningTurns,
  signal: AbortSignal,
): Promise<void> {
  const { clock, bounds } = parts;
  const pending = new Set<Promise<void>>();
  while (!signal.aborted) {
    await clock.sleep(bounds.leaseMs / ROUNDS_PER_LEASE, signal);
    const runs = running.all();
    for (const run of runs) {
      if (clock.now() >= run.deadline) run.abort.abort(new RunStopped('lease-lost'));
    }
    if (runs.length === 0) continue;
    const renewal = renew(parts, runs).finally(() => pending.delete(renewal));
    pending.add(renewal);
  }
  await Promise.all(pending);
}

async function renew({ store, clock, log, bounds }: TurnParts, runs: readonly Run[]): Promise<void> {
  // The deadline counts from before the write: the watcher's own count cannot begin earlier.
  const sentAt = clock.now();
  try {
    const lost = new Set(await store.turns.renew(runs.map(({ turn, token }) => ({ turn: turn.id, token }))));
    for (const run of runs) {
      if (lost.has(run.token)) run.abort.abort(new RunStopped('lease-lost'));
      else run.deadline = Math.max(run.deadline, sentAt + bounds.leaseMs);
    }
  } catch (error) {
    log('warn', 'lease renewal failed', { turns: runs.length, error });
  }
}
