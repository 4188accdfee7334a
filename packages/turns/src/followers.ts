import type { Id } from '@parley/contract';
import type { TurnOutcome } from './turn-outcome.ts';

type Listener = (outcome: TurnOutcome) => void;

/** Who waits in this process for which turn. Outcomes of turns that run elsewhere come by polling instead. */
export class Followers {
  readonly #listeners = new Map<Id<'turn'>, Set<Listener>>();

  /** How many turns are followed. */
  get size(): number {
    return this.#listeners.size;
  }

  /** Attaches before the turn starts, so that nothing is missed. Returns the function that detaches. */
  attach(turn: Id<'turn'>, listener: Listener): () => void {
    const listeners = this.#listeners.get(turn) ?? new Set();
    this.#listeners.set(turn, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(turn);
    };
  }

  settle(turn: Id<'turn'>, outcome: TurnOutcome): void {
    for (const listener of this.#listeners.get(turn) ?? []) listener(outcome);
  }

  settleAll(outcome: TurnOutcome): void {
    for (const turn of [...this.#listeners.keys()]) this.settle(turn, outcome);
  }
}
