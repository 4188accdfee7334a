import { ApiError, limits } from '@parley/contract';
import PQueue from 'p-queue';

/** How many large lists a process answers at a time, and how many more may wait. */
export interface LargeListBounds {
  readonly atOnce: number;
  readonly waiting: number;
}

/** The places for lists whose answers take much memory and time: few run at once, the next ones wait in order. */
export class LargeLists {
  readonly #queue: PQueue;
  readonly #waitingMax: number;

  constructor({ atOnce, waiting }: LargeListBounds = bounds) {
    this.#queue = new PQueue({ concurrency: atOnce });
    this.#waitingMax = waiting;
  }

  /** How many wait for a place. */
  get waiting(): number {
    return this.#queue.size;
  }

  /**
   * Runs `work` as soon as a place is free. An abort of `signal` gives up a waiting place; `work` has to watch the
   * signal itself.
   *
   * @throws ApiError `overloaded` when too many wait already
   * @throws the reason of `signal` when it aborts first
   */
  async run<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    if (this.#queue.size >= this.#waitingMax) throw new ApiError('overloaded');
    return await this.#queue.add(work, { signal });
  }
}

const bounds: LargeListBounds = { atOnce: limits.largeListsMax, waiting: limits.largeListsWaitingMax };
