import { limits } from '@parley/contract';
import { LRUCache } from 'lru-cache';

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

/** The requests that the address of a team's server begins in one iteration of the event loop. Others begin one. */
const SERVER_AT_ONCE = 8;
const SERVERS_MAX = 10_000;
/** How long an address counts as that of a team's server after its last request with a secret key. */
const SERVER_MS = 60_000;

/** The requests of an address in this iteration of the event loop. */
interface Line {
  begun: number;
  readonly waiting: (() => void)[];
}

/**
 * Lets each address begin few requests in each iteration of the event loop: one, or eight if the address is that of a
 * team's server, which sends the requests of many users. Further ones wait for the next iterations, in order. So a burst
 * of one address is processed in small steps, and the requests of others come in between. While there is no other work,
 * iterations follow each other at once and nothing is delayed.
 *
 * Beyond the maximum a request begins at once, because a longer queue would cost more than it saves.
 */
export class RequestStarts {
  readonly #bounds: Bounds;
  /** The addresses that began a request in this iteration. */
  readonly #lines = new Map<string, Line>();
  readonly #servers = new LRUCache<string, true>({ max: SERVERS_MAX, ttl: SERVER_MS });
  #waiting = 0;

  constructor(bounds: Bounds = DEFAULT_BOUNDS) {
    this.#bounds = bounds;
  }

  /** Notes that a request with a valid secret key came from this address. */
  noteServer(address: string): void {
    this.#servers.set(address, true);
  }

  /** Resolves when a request of this address may begin; undefined: at once. */
  enter(address: string): Promise<void> | undefined {
    const line = this.#lines.get(address);
    if (!line) {
      this.#lines.set(address, { begun: 1, waiting: [] });
      if (this.#lines.size === 1) setImmediate(this.#beginNext);
      return undefined;
    }
    const { perAddress, total } = this.#bounds;
    const isFull = line.waiting.length >= perAddress || this.#waiting >= total;
    if (isFull || line.begun < this.#atOnce(address)) {
      line.begun++;
      return undefined;
    }
    this.#waiting++;
    return new Promise<void>((resolve) => line.waiting.push(resolve));
  }

  #atOnce(address: string): number {
    return this.#servers.has(address) ? SERVER_AT_ONCE : 1;
  }

  readonly #beginNext = (): void => {
    for (const [address, line] of this.#lines) {
      const next = line.waiting.splice(0, this.#atOnce(address));
      line.begun = next.length;
      this.#waiting -= next.length;
      if (next.length === 0) this.#lines.delete(address);
      for (const begin of next) begin();
    }
    if (this.#lines.size > 0) setImmediate(this.#beginNext);
  };
}
