import { limits } from '@parley/contract';

interface Bounds {
  /** The maximum number of waiting requests of one address. */
  readonly perAddress: number;
  /** The maximum number of waiting requests of all addresses. */
  readonly total: number;
}

const DEFAULT_BOUNDS: Bounds = {
  perAddress: limits.connectionsPerAddressMax,
  total: limits.connectionsMax,
};

/**
 * Lets each address begin one request in each iteration of the event loop. Further ones wait for the next iterations,
 * in order. So a burst of one address is processed in small steps, and the requests of others come in between. While
 * there is no other work, iterations follow each other at once and nothing is delayed.
 *
 * Beyond the maximum a request begins at once, because a longer queue would cost more than it saves.
 */
export class RequestStarts {
  readonly #bounds: Bounds;
  /** The addresses that began a request in this iteration, each with its waiting requests. */
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
