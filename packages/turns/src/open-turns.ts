import type { Id } from '@parley/contract';
import type { Clock } from './clock.ts';

/** A turn whose end this process has not heard of by then ended elsewhere, or is found in the database. */
const REMEMBERED_MS = 300_000;
/** How long what the database said of a subject is used, while it is far from its bound. */
const LOOK_MS = 1_000;
/** Of a bound: so many turns of a subject, accepted here, are let in without asking the database. */
const SHARE = 1 / 8;
/** Of a bound: below it a look at the database serves those who come within `LOOK_MS`. */
const FAR = 3 / 4;
/** Subjects whose looks are remembered; beyond it the oldest is asked for again. */
const LOOKS_MAX = 1_000;

interface OpenTurn {
  readonly subjects: readonly string[];
  readonly until: number;
}

/**
 * What a process knows of the unfinished turns of teams and users, so that most messages need not ask the
 * database how many there are. It is a guess: turns that other processes accepted are not in it. So a bound may be
 * exceeded, by an eighth of it for each further process (by one, where that is less), and by what comes in at the
 * very same moment.
 */
export class OpenTurns {
  readonly #clock: Clock;
  /** In the order they were accepted. */
  readonly #turns = new Map<Id<'turn'>, OpenTurn>();
  readonly #counts = new Map<string, number>();
  readonly #looks = new Map<string, { readonly at: number; count: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether one more turn may begin; asks the database where this process cannot tell. */
  async hasRoom(subject: string, max: number, look: () => Promise<number>): Promise<boolean> {
    if (max <= 0) return false;
    if ((this.#counts.get(subject) ?? 0) < Math.max(Math.floor(max * SHARE), 1)) return true;
    const known = this.#looks.get(subject);
    if (known && this.#clock.now() - known.at < LOOK_MS && known.count < max * FAR) return true;
    const count = await look();
    this.#looks.delete(subject);
    this.#looks.set(subject, { at: this.#clock.now(), count });
    const [oldest] = this.#looks.keys();
    if (this.#looks.size > LOOKS_MAX && oldest !== undefined) this.#looks.delete(oldest);
    return count < max;
  }

  add(turn: Id<'turn'>, subjects: readonly string[]): void {
    this.#forgetOld();
    this.#turns.set(turn, { subjects, until: this.#clock.now() + REMEMBERED_MS });
    for (const subject of subjects) {
      this.#counts.set(subject, (this.#counts.get(subject) ?? 0) + 1);
      const look = this.#looks.get(subject);
      if (look) look.count++;
    }
  }

  delete(turn: Id<'turn'>): void {
    const open = this.#turns.get(turn);
    this.#turns.delete(turn);
    for (const subject of open?.subjects ?? []) {
      const left = (this.#counts.get(subject) ?? 1) - 1;
      if (left === 0) this.#counts.delete(subject);
      else this.#counts.set(subject, left);
    }
  }

  #forgetOld(): void {
    const now = this.#clock.now();
    for (const [turn, { until }] of this.#turns) {
      if (until > now) return;
      this.delete(turn);
    }
  }
}
