import type { Clock } from '@parley/quota';
import { FIRST_DURATION_MS } from './intervals.ts';

/** The weight of the newest turn in the moving average. */
const WEIGHT = 0.1;
const RETRY_SECONDS_MAX = 300;

/** The durations of turns in this process, which estimate when a place becomes free. */
export class RunDurations {
  readonly #clock: Clock;
  #averageMs: number = FIRST_DURATION_MS;
  #running = 0;
  /** The sum of the start times of the running turns. */
  #startedSum = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Records the start of a turn. Returns the function to call at its end. */
  start(): () => void {
    const startedAt = this.#clock.now();
    this.#running++;
    this.#startedSum += startedAt;
    return () => {
      this.#running--;
      this.#startedSum -= startedAt;
      this.#averageMs += (this.#clock.now() - startedAt - this.#averageMs) * WEIGHT;
    };
  }

  /**
   * The seconds until one of the running turns is expected to end, at least one. Turns that run longer than the
   * average, for example because a model hangs, increase it.
   */
  secondsUntilFree(running: number): number {
    const ageMs = this.#running === 0 ? 0 : this.#clock.now() - this.#startedSum / this.#running;
    const seconds = Math.max(this.#averageMs, ageMs) / 1_000 / Math.max(running, 1);
    return Math.min(Math.max(Math.ceil(seconds), 1), RETRY_SECONDS_MAX);
  }
}
