import type { Clock } from './clock.ts';

/** More than these are no exception any more: the oldest is tried again. */
const ITEMS_MAX = 1_000;

interface Failure {
  readonly times: number;
  readonly until: number;
}

/**
 * Items of a background job that failed lately. Each is skipped for a time that doubles with every failure, so
 * that one that always fails stops none of those behind it.
 */
export class FailingItems<Item extends string> {
  readonly #failures = new Map<Item, Failure>();
  readonly #clock: Pick<Clock, 'now'>;
  readonly #pauseMs: { readonly min: number; readonly max: number };

  constructor(clock: Pick<Clock, 'now'>, pauseMs: { readonly min: number; readonly max: number }) {
    this.#clock = clock;
    this.#pauseMs = pauseMs;
  }

  /** Those that are not to be tried now. */
  get skipped(): Item[] {
    const now = this.#clock.now();
    return [...this.#failures].filter(([, { until }]) => now < until).map(([item]) => item);
  }

  /** Does something with an item, and skips the item for a while if that throws. */
  async try<Result>(item: Item, act: () => Promise<Result>): Promise<Result> {
    try {
      const result = await act();
      this.#failures.delete(item);
      return result;
    } catch (error) {
      this.#note(item);
      throw error;
    }
  }

  #note(item: Item): void {
    const { min, max } = this.#pauseMs;
    const times = (this.#failures.get(item)?.times ?? 0) + 1;
    this.#failures.delete(item);
    this.#failures.set(item, { times, until: this.#clock.now() + Math.min(min * 2 ** (times - 1), max) });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > ITEMS_MAX && oldest !== undefined) this.#failures.delete(oldest);
  }
}
