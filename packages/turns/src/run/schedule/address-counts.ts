import { limits } from '@parley/contract';
import { jittered } from '@parley/quota';
import type { TurnDeps } from '../../dependencies.ts';
import { ADDRESS_COUNT_MS } from '../intervals.ts';
import type { TurnOwner } from './turn-owner.ts';
import type { TurnScheduler } from './turn-scheduler.ts';

/** The number of networks that are counted in one round. The next round counts the other networks. */
const COUNTS_PER_ROUND = 20;
/** The number of networks whose last count is remembered. Beyond this number the oldest count is forgotten. */
const COUNTED_MAX = 10_000;

/**
 * Counts the running turns of an address in other processes and reports them to the scheduler: at most once a second
 * before a further turn starts, and repeatedly while turns wait here only because of turns in other processes. An
 * address with few running turns is not counted.
 */
export class AddressCounts {
  readonly #deps: TurnDeps;
  readonly #scheduler: TurnScheduler<unknown>;
  /** The time of the last count of each network, oldest first. */
  readonly #countedAt = new Map<string, number>();
  #isWatching = false;

  constructor(deps: TurnDeps, scheduler: TurnScheduler<unknown>) {
    this.#deps = deps;
    this.#scheduler = scheduler;
  }

  /**
   * Counts the networks that decide whether a turn of this owner may start.
   *
   * @throws ApiError `database_unavailable`
   */
  async countFor(owner: TurnOwner): Promise<void> {
    const since = this.#deps.clock.now() - ADDRESS_COUNT_MS;
    for (const network of this.#scheduler.unknownNetworks(owner)) {
      if ((this.#countedAt.get(network) ?? Number.NEGATIVE_INFINITY) < since) await this.#count(network);
    }
  }

  /**
   * Counts about once a second while turns wait because of turns in other processes, because those processes do not
   * report the ends of their turns. Calls `onRoom` after each round. Never rejects.
   */
  async watch(onRoom: () => void, signal: AbortSignal): Promise<void> {
    if (this.#isWatching) return;
    this.#isWatching = true;
    const { clock, log } = this.#deps;
    while (!signal.aborted && this.#scheduler.networksFullElsewhere().length > 0) {
      await clock.sleep(jittered(clock, ADDRESS_COUNT_MS), signal);
      if (signal.aborted) break;
      const longestAgo = this.#scheduler
        .networksFullElsewhere()
        .sort((a, b) => (this.#countedAt.get(a) ?? 0) - (this.#countedAt.get(b) ?? 0));
      try {
        for (const network of longestAgo.slice(0, COUNTS_PER_ROUND)) await this.#count(network);
      } catch (error) {
        log('warn', 'the running turns of an address could not be counted; it is tried again', { error });
      }
      onRoom();
    }
    this.#isWatching = false;
  }

  async #count(network: string): Promise<void> {
    const { store, clock, bounds } = this.#deps;
    const most = bounds.runningPerAddressMax * limits.widerNetworkFactor;
    this.#countedAt.delete(network);
    this.#countedAt.set(network, clock.now());
    const [oldest] = this.#countedAt.keys();
    if (this.#countedAt.size > COUNTED_MAX && oldest !== undefined) this.#countedAt.delete(oldest);
    const running = await store.turns.countFromNetwork(network, 'generating', most);
    this.#scheduler.learn(network, Math.max(running - this.#scheduler.runningOf(network), 0));
  }
}
