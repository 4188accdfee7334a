import type { Id, ToolStep } from '@parley/contract';
import { isEnded } from '@parley/db';
import type { Random } from './random.ts';
import type { SimulatedDatabase } from './simulated-database.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/**
 * What the model calls, and what it may rely on: a call is stored before it is made, and a result before the model
 * goes on. Whoever holds a turn no longer finds it ended, deleted, or further than where they left it.
 */
export class SimulatedTools {
  readonly offences: string[] = [];
  /** Calls that were made, repeated ones included. */
  calls = 0;
  readonly #database: SimulatedDatabase;
  readonly #random: Random;
  /** By the turn and the number of the step: tools know a repeated call by them. */
  readonly #asked = new Map<string, string>();

  constructor(database: SimulatedDatabase, random: Random) {
    this.#database = database;
    this.#random = random;
  }

  /** Does what was asked for, at any time from now on. */
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

  #expectSame(place: string, asked: string): void {
    const before = this.#asked.get(place) ?? asked;
    this.#asked.set(place, before);
    if (before !== asked)
      this.offences.push(`tools were asked for ${asked} where they had been for ${before}`);
  }

  /** What a run says it has kept is what a majority has, or the beginning of it. */
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

/** Whether a step is stored, be it with results that came since. */
function isWithin({ text, calls }: ToolStep, stored: ToolStep | undefined): boolean {
  return (
    stored?.text === text &&
    calls.every(({ id, result }, index) => {
      const call = stored.calls[index];
      return call?.id === id && (result === undefined || call.result === result);
    })
  );
}
