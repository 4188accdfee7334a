import type { TurnDeps } from '../dependencies.ts';
import { RENEWALS_PER_LEASE } from './intervals.ts';
import type { KnownTails } from './known-tails.ts';
import type { LogWriter } from './log-writer.ts';
import { type Run, type RunningTurns, RunStopped, stopDeleted } from './run.ts';

interface SuperviseDeps extends TurnDeps {
  readonly logWriter: LogWriter;
  readonly tails: KnownTails;
}

/**
 * Supervises the running turns of a process, a few times a second, each step with one command for all of them: stops
 * runs past their deadline, writes their new text to the log, reads whether they were cancelled or deleted, and renews
 * their leases. No clock is compared with another process's: a renewal counts up, and other processes see the count
 * change. No step waits for the step before it, because a slow query must not delay lease renewal.
 */
export async function superviseRuns(
  deps: SuperviseDeps,
  running: RunningTurns,
  signal: AbortSignal,
): Promise<void> {
  const { clock, bounds, logWriter, tails } = deps;
  const pending = new Set<Promise<void>>();
  let renewedAt = clock.now();
  let readingMarks: Promise<void> | undefined;
  while (!signal.aborted) {
    await clock.sleep(bounds.tickMs, signal);
    tails.dropOldHistories();
    const now = clock.now();
    for (const run of running.all()) {
      if (now >= run.deadline) run.abort.abort(new RunStopped('lease-lost'));
    }
    const runs = running.all().filter((run) => !run.abort.signal.aborted);
    if (runs.length > 0) {
      logWriter.write(runs);
      readingMarks ??= readMarks(deps, runs).finally(() => {
        readingMarks = undefined;
      });
    }
    // A stopped run keeps its lease until it has ended.
    const held = running.all();
    if (held.length === 0 || now - renewedAt < bounds.leaseMs / RENEWALS_PER_LEASE) continue;
    renewedAt = now;
    const renewal = renew(deps, held).finally(() => pending.delete(renewal));
    pending.add(renewal);
  }
  await Promise.all([...pending, readingMarks, logWriter.settled()]);
}

/** Stops runs that were cancelled or deleted. A missing turn was deleted with its chat. */
async function readMarks({ store, log }: TurnDeps, runs: readonly Run[]): Promise<void> {
  try {
    const marks = await store.turns.listMarks(runs.map(({ turn }) => turn.id));
    const isCancelled = new Map(marks.map((mark) => [mark.id, mark.isCancelled]));
    for (const { turn, abort } of runs) {
      if (isCancelled.get(turn.id)) abort.abort(new RunStopped('cancelled'));
    }
    const missing = runs.filter(({ turn }) => !isCancelled.has(turn.id));
    if (missing.length === 0) return;
    // A replaced primary may lack the newest writes, so a missing turn may exist. A renewal shows whether it does.
    const deleted = new Set(await store.turns.renew(missing.map(toLease)));
    for (const run of missing) {
      if (deleted.has(run.token)) stopDeleted(run);
    }
  } catch (error) {
    log('warn', 'could not read whether running turns were cancelled or deleted', {
      turns: runs.length,
      error,
    });
  }
}

function toLease({ turn, token }: Run) {
  return { turn: turn.id, token };
}

async function renew({ store, clock, log, bounds }: TurnDeps, runs: readonly Run[]): Promise<void> {
  // The deadline counts from before the write, because the count of other processes cannot begin earlier.
  const sentAt = clock.now();
  try {
    const lost = new Set(await store.turns.renew(runs.map(toLease)));
    for (const run of runs) {
      if (lost.has(run.token)) run.abort.abort(new RunStopped('lease-lost'));
      else run.deadline = Math.max(run.deadline, sentAt + bounds.leaseMs);
    }
  } catch (error) {
    log('warn', 'lease renewal failed', { turns: runs.length, error });
  }
}
