import type { Clock } from '@parley/quota';

/** The number of remembered items. Beyond this number, the item that failed first is forgotten and tried again. */
const ITEMS_MAX = 1_000;

interface Failure {
  readonly times: number;
  readonly until: number;
}

interface Pauses {
  readonly min: number;
  readonly max: number;
  /** By default `try` waits for the end of the work. */
  readonly work?: WorkLimits;
}

/** Work that takes longer counts as failed. It continues in the background, and the number of such items is limited. */
interface WorkLimits {
  readonly maxMs: number;
  /** While so many items continue in the background, no other item is tried. */
  readonly underWayMax: number;
}

/**
 * Items of a background job that failed recently, or whose work did not end in time. Each is skipped for a time that
 * doubles with every failure, so that an item that always fails does not stop the items behind it.
 */
export class FailingItems<Item extends string> {
  readonly #failures = new Map<Item, Failure>();
  readonly #underWay = new Set<Item>();
  readonly #clock: Pick<Clock, 'now' | 'sleep'>;
  readonly #pauses: Pauses;

  constructor(clock: Pick<Clock, 'now' | 'sleep'>, pauses: Pauses) {
    this.#clock = clock;
    this.#pauses = pauses;
  }

  /** The items that must not be tried now. */
  get skipped(): Item[] {
    const now = this.#clock.now();
    const failed = [...this.#failures].filter(([, { until }]) => now < until).map(([item]) => item);
    return [...new Set([...failed, ...this.#underWay])];
  }

  /**
   * Whether the item must not be tried now. True for every item while `underWayMax` items continue in the background.
   */
  isSkipped(item: Item): boolean {
    const { work } = this.#pauses;
    if (work && this.#underWay.size >= work.underWayMax) return true;
    const failure = this.#failures.get(item);
    return this.#underWay.has(item) || (failure !== undefined && this.#clock.now() < failure.until);
  }

  /** Works on an item, and skips the item for a while if the work throws or takes too long. */
  async try<Result>(item: Item, work: () => Promise<Result>): Promise<Result> {
    try {
      const result = await this.#within(item, work);
      this.#failures.delete(item);
      return result;
    } catch (error) {
      this.#note(item);
      throw error;
    }
  }

  async #within<Result>(item: Item, work: () => Promise<Result>): Promise<Result> {
    const { work: limits } = this.#pauses;
    this.#underWay.add(item);
    const working = work().finally(() => this.#underWay.delete(item));
    if (!limits) return working;
    const ended = new AbortController();
    const late = this.#clock.sleep(limits.maxMs, ended.signal).then(() => {
      throw new Error(`this did not end within ${limits.maxMs} ms`);
    });
    try {
      return await Promise.race([working, late]);
    } finally {
      late.catch(() => undefined);
      working.catch(() => undefined);
      ended.abort();
    }
  }

  #note(item: Item): void {
    const { min, max } = this.#pauses;
    const times = (this.#failures.get(item)?.times ?? 0) + 1;
    this.#failures.delete(item);
    this.#failures.set(item, { times, until: this.#clock.now() + Math.min(min * 2 ** (times - 1), max) });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > ITEMS_MAX && oldest !== undefined) this.#failures.delete(oldest);
  }
}
