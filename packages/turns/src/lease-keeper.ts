import type { TurnParts } from './parts.ts';
import { type Run, type RunningTurns, RunStopped } from './run.ts';

/**
 * Renews the leases of all running turns with one write per round. No clock is compared with another
 * process's: a renewal counts up, and whoever watches sees the count move. A run whose renewals fail stops at
 * its own monotonic deadline, which lies before any other process may take it over.
 */
export async function keepLeases(
  parts: TurnParts,
  running: RunningTurns,
  signal: AbortSignal,
): Promise<void> {
  const round = parts.bounds.leaseMs / 3;
  while (!signal.aborted) {
    await parts.clock.sleep(round, signal);
    const runs = running.all();
    if (runs.length === 0) continue;
    await renew(parts, runs);
    const now = parts.clock.now();
    for (const run of runs) if (now >= run.deadline) run.abort.abort(new RunStopped('lease-lost'));
  }
}

async function renew({ store, clock, log, bounds }: TurnParts, runs: readonly Run[]): Promise<void> {
  // The deadline counts from before the write: the watcher's own count cannot begin earlier.
  const sentAt = clock.now();
  try {
    const lost = new Set(await store.turns.renew(runs.map(({ turn, token }) => ({ turn: turn.id, token }))));
    for (const run of runs) {
      if (lost.has(run.token)) run.abort.abort(new RunStopped('lease-lost'));
      else run.deadline = sentAt + bounds.leaseMs;
    }
  } catch (error) {
    log('warn', 'lease renewal failed', { turns: runs.length, error });
  }
}
