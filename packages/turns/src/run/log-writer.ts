import type { LogBatch } from '@parley/db';
import type { TurnDeps } from '../dependencies.ts';
import type { Run } from './run.ts';

/**
 * Writes the new text of all running turns to the log: one write for all, and one at a time, so that a slow database
 * causes larger writes and never a queue. A turn that ends before its first write needs none.
 */
export class LogWriter {
  readonly #deps: Pick<TurnDeps, 'store' | 'log'>;
  #writing: Promise<void> | undefined;

  constructor(deps: Pick<TurnDeps, 'store' | 'log'>) {
    this.#deps = deps;
  }

  /** Begins to write the new text, unless a write is in flight. */
  write(runs: readonly Run[]): void {
    if (this.#writing) return;
    const dirty = runs.filter((run) => nextBatch(run) !== undefined);
    if (dirty.length === 0) return;
    this.#writing = this.#append(dirty).finally(() => {
      this.#writing = undefined;
    });
  }

  /** Writes all text of a run before the run continues elsewhere. */
  async flush(run: Run): Promise<void> {
    await this.settled();
    if (nextBatch(run)) await this.#append([run]);
    if (nextBatch(run)) await this.#append([run]);
  }

  /** Settles when no write is under way. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** Never rejects: an unacknowledged piece is written again with the next round. */
  async #append(runs: readonly Run[]): Promise<void> {
    const { store, log } = this.#deps;
    const sent = runs.flatMap((run) => {
      const batch = nextBatch(run);
      return batch ? [{ run, batch }] : [];
    });
    try {
      await store.turnLog.append(sent.map(({ batch }) => batch));
    } catch (error) {
      log('warn', 'the log of running answers could not be written', { turns: runs.length, error });
      return;
    }
    for (const { run, batch } of sent) {
      // A run that began its text again meanwhile has not logged the new text yet.
      if (run.unacknowledged !== batch) continue;
      run.loggedTo = batch.to;
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
