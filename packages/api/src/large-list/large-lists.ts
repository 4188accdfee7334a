import { ApiError, limits } from '@parley/contract';
import PQueue from 'p-queue';

/** The number of large lists that a process reads at a time, and the number that may wait. */
export interface LargeListBounds {
  readonly atOnce: number;
  readonly waiting: number;
}

/** Limits the lists whose answers need much memory and time: few run at once, the next ones wait in order. */
export class LargeLists {
  readonly #queue: PQueue;
  readonly #waitingMax: number;

  constructor({ atOnce, waiting }: LargeListBounds = bounds) {
    this.#queue = new PQueue({ concurrency: atOnce });
    this.#waitingMax = waiting;
  }

  /** The number of lists that wait. */
  get waiting(): number {
    return this.#queue.size;
  }

  /**
   * Runs `work` when its turn comes. If `signal` aborts while it waits, it is removed; `work` has to watch the
   * signal itself.
   *
   * @throws ApiError `overloaded` if too many lists wait
   * @throws the reason of `signal` if it aborts first
   */
  async run<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    if (this.#queue.size >= this.#waitingMax) throw new ApiError('overloaded');
    return await this.#queue.add(work, { signal });
  }
}

const bounds: LargeListBounds = { atOnce: limits.largeListsMax, waiting: limits.largeListsWaitingMax };
