import type { LogBatch } from '@parley/db';
import type { TurnDeps } from '../dependencies.ts';
import type { Run } from './run.ts';

/**
 * Writes what running turns have emitted to the log: one write for all of them, and one at a time, so that a
 * slow database makes larger pieces and never a queue. A turn that ends before its first write costs none.
 */
export class LogWriter {
  readonly #deps: Pick<TurnDeps, 'store' | 'log'>;
  #writing: Promise<void> | undefined;

  constructor(deps: Pick<TurnDeps, 'store' | 'log'>) {
    this.#deps = deps;
  }

  /** Begins to write what is new, unless a write is under way. */
  write(runs: readonly Run[]): void {
    if (this.#writing) return;
    const dirty = runs.filter((run) => nextBatch(run) !== undefined);
    if (dirty.length === 0) return;
    this.#writing = this.#append(dirty).finally(() => {
      this.#writing = undefined;
    });
  }

  /** Writes all that a run has emitted, as it is about to go on elsewhere. */
  async flush(run: Run): Promise<void> {
    await this.settled();
    if (nextBatch(run)) await this.#append([run]);
    if (nextBatch(run)) await this.#append([run]);
  }

  /** Settles when no write is under way. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** Never rejects: what was not acknowledged is written again with the next round. */
  async #append(runs: readonly Run[]): Promise<void> {
    const { store, log } = this.#deps;
    const batches = runs.map(nextBatch).filter((batch) => batch !== undefined);
    try {
      await store.turnLog.append(batches);
    } catch (error) {
      log('warn', 'the log of running answers could not be written', { turns: runs.length, error });
      return;
    }
    for (const run of runs) {
      run.loggedTo = run.unacknowledged?.to ?? run.loggedTo;
      run.unacknowledged = undefined;
    }
  }
}

/** The next piece of a run's text to write: an unacknowledged piece again, unchanged, before anything new. */
function nextBatch(run: Run): LogBatch | undefined {
  const { turn, scope, attempt, text, loggedTo } = run;
  if (!run.unacknowledged && text.length > loggedTo) {
    run.unacknowledged = {
      turn: turn.id,
      team: scope.team,
      attempt,
      to: text.length,
      text: text.slice(loggedTo),
    };
  }
  return run.unacknowledged;
}
