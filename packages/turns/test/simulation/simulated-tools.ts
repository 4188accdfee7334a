import type { Id, ToolStep } from '@parley/contract';
import { isEnded } from '@parley/db';
import type { Random } from './random.ts';
import type { SimulatedDatabase } from './simulated-database.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/**
 * Tools that check two guarantees: a call is stored before it is made, and its result before the model continues. A
 * process that has lost a turn may find the turn ended, deleted or at a later step.
 */
export class SimulatedTools {
  readonly offences: string[] = [];
  /** The number of calls, including repeated calls. */
  calls = 0;
  readonly #database: SimulatedDatabase;
  readonly #random: Random;
  /** Calls by turn and number of the step. Tools recognize a repeated call by them. */
  readonly #requested = new Map<string, string>();

  constructor(database: SimulatedDatabase, random: Random) {
    this.#database = database;
    this.#random = random;
  }

  /** Runs the requested call at a random later time. */
  async call(
    turn: string,
    steps: readonly ToolStep[],
    process: SimulatedProcess,
    signal: AbortSignal,
    pauseMaxMs: number,
  ): Promise<string> {
    this.calls++;
    this.expectStored(turn, steps, 'a tool was called with');
    this.#expectSame(`${turn} ${steps.length}`, JSON.stringify(steps.at(-1)?.calls.map(({ id }) => id)));
    await process.clock.sleep(this.#random.between(0, pauseMaxMs), signal);
    return `<r${this.calls}>`;
  }

  #expectSame(place: string, requested: string): void {
    const before = this.#requested.get(place) ?? requested;
    this.#requested.set(place, before);
    if (before !== requested)
      this.offences.push(`a repeated tool call was ${requested} instead of ${before}`);
  }

  /** Checks that a majority has the steps that a run claims to have stored, perhaps with later ones. */
  expectStored(turn: string, steps: readonly ToolStep[], what: string): void {
    const stored = this.#database.committed.turns.get(turn as Id<'turn'>)?.record;
    if (!stored || isEnded(stored.status)) return;
    const isThere = steps.every((step, index) => isWithin(step, stored.steps?.[index]));
    if (!isThere) {
      this.offences.push(
        `${what} ${JSON.stringify(steps)}; stored was ${JSON.stringify(stored.steps ?? [])}`,
      );
    }
  }
}

/** Whether a step is stored, perhaps with later results. */
function isWithin({ text, calls }: ToolStep, stored: ToolStep | undefined): boolean {
  return (
    stored?.text === text &&
    calls.every(({ id, result }, index) => {
      const call = stored.calls[index];
      return call?.id === id && (result === undefined || call.result === result);
    })
  );
}
