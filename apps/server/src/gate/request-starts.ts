import { limits } from '@parley/contract';

interface Bounds {
  /** Requests of one address that wait. */
  readonly perAddress: number;
  /** Requests of all addresses that wait. */
  readonly total: number;
}

const DEFAULT_BOUNDS: Bounds = {
  perAddress: limits.connectionsPerAddressMax,
  total: limits.connectionsMax,
};

/**
 * Lets each address begin one request in each iteration of the event loop. Further ones wait for the next iterations,
 * in order. So a burst of one address is worked on piece by piece, and the requests of others come in between; while
 * nothing else is to be done, iterations follow each other at once and nothing is delayed.
 *
 * Beyond the bounds a request begins at once: then the list of those that wait would cost more than it saves.
 */
export class RequestStarts {
  readonly #bounds: Bounds;
  /** The addresses that began a request in this iteration, each with its requests that wait. */
  readonly #lines = new Map<string, (() => void)[]>();
  #waiting = 0;

  constructor(bounds: Bounds = DEFAULT_BOUNDS) {
    this.#bounds = bounds;
  }

  /** Resolves when a request of this address may begin. */
  async enter(address: string): Promise<void> {
    const line = this.#lines.get(address);
    if (!line) {
      this.#lines.set(address, []);
      if (this.#lines.size === 1) setImmediate(this.#beginNext);
      return;
    }
    const { perAddress, total } = this.#bounds;
    if (line.length >= perAddress || this.#waiting >= total) return;
    this.#waiting++;
    await new Promise<void>((resolve) => line.push(resolve));
  }

  readonly #beginNext = (): void => {
    for (const [address, line] of this.#lines) {
      const begin = line.shift();
      if (begin) {
        this.#waiting--;
        begin();
      } else {
        this.#lines.delete(address);
      }
    }
    if (this.#lines.size > 0) setImmediate(this.#beginNext);
  };
}
