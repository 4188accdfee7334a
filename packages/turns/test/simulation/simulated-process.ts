import type { Clock } from '../../src/index.ts';
import type { Random } from './random.ts';
import type { Planned, Scheduler } from './scheduler.ts';

/** The largest difference between the clocks of two processes: more than that of real ones. */
const DRIFT_MAX = 0.02;
/** Delayed events of a stalled process arrive within this time after it resumes, in any order. */
const REVIVAL_MS = 20;

/**
 * A process. Its events happen only while it lives and is not stalled. Its clock has a random start and runs slightly
 * too fast or too slow.
 */
export class SimulatedProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #rate: number;
  readonly #offset: number;
  readonly #whenDead: (() => void)[] = [];
  #isDead = false;
  #stalledUntil = 0;

  constructor(name: string, scheduler: Scheduler, random: Random) {
    this.name = name;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#rate = random.between(1 - DRIFT_MAX, 1 + DRIFT_MAX);
    this.#offset = random.between(0, 1_000_000);
    this.clock = {
      now: () => this.#offset + this.#rate * scheduler.now,
      random: () => random.next(),
      sleep: (ms, signal) => this.#sleep(ms, signal),
      after: (ms, action) => this.after(ms / this.#rate, action),
    };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isStalled(): boolean {
    return this.#stalledUntil > this.#scheduler.now;
  }

  /** Ends the process like `kill -9`: none of its events happen any more. */
  kill(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    for (const notify of this.#whenDead.splice(0)) notify();
  }

  /** Notifies the other end of a connection when the process dies. */
  onDeath(notify: () => void): void {
    if (this.#isDead) notify();
    else this.#whenDead.push(notify);
  }

  /** Suspends the process like SIGSTOP and resumes it after `ms`. */
  stall(ms: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#scheduler.now + ms);
  }

  /** Plans an event of this process after `ms`. A stalled process runs it later, and a dead one never. */
  after(ms: number, action: () => void): Planned {
    return this.#scheduler.after(ms, () => this.#enter(action));
  }

  #enter(action: () => void): void {
    if (this.#isDead) return;
    if (this.isStalled) {
      const left = this.#stalledUntil - this.#scheduler.now;
      this.after(left + this.#random.between(0, REVIVAL_MS), action);
    } else {
      action();
    }
  }

  #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener('abort', force);
        resolve();
      };
      const planned = this.after(ms / this.#rate, wake);
      const force = () => {
        planned.cancel();
        resolve();
      };
      signal?.addEventListener('abort', force, { once: true });
    });
  }
}
