import { ApiError, limits } from '@parley/contract';
import type { TurnScheduler } from '@parley/turns';
import { BoundedCounts } from '../gate/bounded-counts.ts';
import type { ListRequester } from './list-requester.ts';

/** How a process schedules its large lists. Visitors have one of two places, so that they cannot fill both. */
export const largeListBounds = {
  running: limits.largeListsMax,
  waiting: limits.largeListsWaitingMax,
  perAddress: Number.POSITIVE_INFINITY,
  reservedShare: 1 / 2,
};

/**
 * The places for lists whose answers take much memory and time. Few are read at once; the others wait, and start in
 * rotation over their requesters.
 */
export class LargeLists {
  readonly #scheduler: TurnScheduler<() => void>;
  /** Lists that are read or wait, by the name of each bound that they count against. */
  readonly #counts = new BoundedCounts();
  #entered = 0;

  constructor(scheduler: TurnScheduler<() => void>) {
    this.#scheduler = scheduler;
  }

  /** The number of lists that wait for a place. */
  get waiting(): number {
    return this.#scheduler.waiting;
  }

  /**
   * Runs `work` as soon as a place is free. An abort of `signal` gives the place back; `work` has to watch the signal
   * itself.
   *
   * @throws ApiError `too_many_lists` when the requester reads or waits for as many as it may; `overloaded` when too
   *   many wait already
   * @throws the reason of `signal` when it aborts first
   */
  async run<Result>(
    requester: ListRequester,
    work: () => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    signal.throwIfAborted();
    const { bounds } = requester;
    if (!this.#counts.enter(bounds)) throw new ApiError('too_many_lists');
    try {
      await this.#enter(requester, signal);
      try {
        signal.throwIfAborted();
        return await orAborted(work(), signal);
      } finally {
        this.#leave(requester);
      }
    } finally {
      this.#counts.leave(bounds);
    }
  }

  /** Takes a place to read, and waits until one is free. */
  async #enter(requester: ListRequester, signal: AbortSignal): Promise<void> {
    const place = this.#scheduler.enter(requester);
    if (!place) throw new ApiError('overloaded');
    if (place === 'running') return;
    const id = String(++this.#entered);
    const { promise: start, resolve } = Promise.withResolvers<void>();
    this.#scheduler.queue({ id, owner: requester, item: resolve, hasPlace: true });
    try {
      await orAborted(start, signal);
    } catch (error) {
      if (this.#scheduler.has(id)) this.#scheduler.forget(id);
      else this.#leave(requester);
      throw error;
    }
  }

  #leave(requester: ListRequester): void {
    this.#scheduler.leave(requester);
    for (let list = this.#scheduler.next(); list; list = this.#scheduler.next()) list.item();
  }
}

/** The result of a step, or the signal's reason if it aborts first. */
function orAborted<Result>(step: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const settled = () => signal.removeEventListener('abort', onAbort);
    step.then(resolve, reject).finally(settled);
  });
}
