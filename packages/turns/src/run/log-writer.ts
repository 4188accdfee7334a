import { isPlainTape, PLAIN_PLACE, placeAfter } from '@parley/contract';
import type { LogBatch } from '@parley/db';
import type { TurnDeps } from '../dependencies.ts';
import type { Run } from './run.ts';

/**
 * Writes the new parts and text of all running turns to the log. One write contains the text of all runs, and one write is
 * in flight at a time, so a slow database causes larger writes and never a queue. A turn that ends before its first write
 * needs none.
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

  /** Writes all text of a run before another process continues the turn. */
  async flush(run: Run): Promise<void> {
    await this.settled();
    if (nextBatch(run)) await this.#append([run]);
    if (nextBatch(run)) await this.#append([run]);
  }

  /** Settles when no write is under way. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** Never rejects: the next write repeats an unacknowledged piece. */
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
      // A run that restarted its text meanwhile has not logged any of the new text.
      if (run.unacknowledged !== batch) continue;
      run.loggedTo = batch.to;
      if (batch.place) run.loggedPlace = placeAfter(batch.text, batch.place);
      run.unacknowledged = undefined;
    }
  }
}

/** The next piece of a run's tape to write: first an unacknowledged piece, unchanged, then a new one. */
function nextBatch(run: Run): LogBatch | undefined {
  const { turn, scope, attempt, text, loggedTo } = run;
  if (!run.unacknowledged && text.length > loggedTo) {
    const piece = text.slice(loggedTo);
    const place = run.loggedPlace ?? (isPlainTape(piece) ? undefined : PLAIN_PLACE);
    run.unacknowledged = {
      ...{ turn: turn.id, team: scope.team, attempt, to: text.length, text: piece },
      ...(place && { place }),
    };
  }
  return run.unacknowledged;
}
