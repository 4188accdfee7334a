import { limits } from '@parley/contract';

/** The share of its bound that a network may use in a process without a count of the turns in other processes. */
const SHARE = 1 / 8;

interface Use {
  readonly max: number;
  /** Turns that run in this process. */
  running: number;
  /** Turns that run in other processes, when they were last counted; undefined before that. */
  elsewhere: number | undefined;
}

/** The number of running turns of each address, in this process and, as far as it was counted, in others. */
export class AddressUse {
  readonly #max: number;
  readonly #uses = new Map<string, Use>();

  constructor(max: number) {
    this.#max = max;
  }

  runningOf(network: string): number {
    return this.#uses.get(network)?.running ?? 0;
  }

  isFull(network: string, width: number): boolean {
    const use = this.#useOf(network, width);
    const left = use.elsewhere === undefined ? 0 : use.max - use.elsewhere;
    return use.running >= Math.max(left, shareOf(use));
  }

  isBeyondShare(network: string, width: number): boolean {
    const use = this.#useOf(network, width);
    return use.running >= shareOf(use) && use.running < use.max;
  }

  isFullElsewhere(network: string): boolean {
    const use = this.#uses.get(network);
    return use !== undefined && use.running < use.max;
  }

  count(network: string, width: number, change: 1 | -1): void {
    const use = this.#useOf(network, width);
    use.running += change;
    this.#uses.set(network, use);
    if (use.running === 0) this.#uses.delete(network);
  }

  learn(network: string, elsewhere: number): void {
    const use = this.#uses.get(network);
    if (use) use.elsewhere = elsewhere;
  }

  #useOf(network: string, width: number): Use {
    const max = width === 0 ? this.#max : this.#max * limits.widerNetworkFactor;
    return this.#uses.get(network) ?? { max, running: 0, elsewhere: undefined };
  }
}

function shareOf({ max }: Use): number {
  return Math.max(Math.floor(max * SHARE), 1);
}
