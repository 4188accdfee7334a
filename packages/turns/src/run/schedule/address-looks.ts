import { limits } from '@parley/contract';
import { jittered } from '@parley/quota';
import type { TurnDeps } from '../../dependencies.ts';
import { ADDRESS_LOOK_MS } from '../intervals.ts';
import type { TurnOwner } from './turn-owner.ts';
import type { TurnScheduler } from './turn-scheduler.ts';

/** Networks that are looked at in one round; the others have their turn in the next. */
const LOOKS_PER_ROUND = 20;
/** Looks that are remembered; beyond it the oldest is made again. */
const LOOKS_MAX = 10_000;

/**
 * Tells the scheduler how many turns of an address run on other processes: before one more starts, at most once a
 * second, and again while turns wait here only because of what runs elsewhere. Nothing is asked about an address with
 * few running turns.
 */
export class AddressLooks {
  readonly #deps: TurnDeps;
  readonly #scheduler: TurnScheduler<unknown>;
  /** In the order of the looks. */
  readonly #lookedAt = new Map<string, number>();
  #isWatching = false;

  constructor(deps: TurnDeps, scheduler: TurnScheduler<unknown>) {
    this.#deps = deps;
    this.#scheduler = scheduler;
  }

  /**
   * Looks where it decides whether a turn of this owner may start.
   *
   * @throws ApiError `database_unavailable`
   */
  async lookFor(owner: TurnOwner): Promise<void> {
    const since = this.#deps.clock.now() - ADDRESS_LOOK_MS;
    for (const network of this.#scheduler.unknownNetworks(owner)) {
      if ((this.#lookedAt.get(network) ?? Number.NEGATIVE_INFINITY) < since) await this.#look(network);
    }
  }

  /**
   * Looks again about once a second, while turns wait for what runs elsewhere, and calls `onRoom` after each round:
   * no other process tells when one of its turns has ended. Never rejects.
   */
  async watch(onRoom: () => void, signal: AbortSignal): Promise<void> {
    if (this.#isWatching) return;
    this.#isWatching = true;
    const { clock, log } = this.#deps;
    while (!signal.aborted && this.#scheduler.networksFullElsewhere().length > 0) {
      await clock.sleep(jittered(clock, ADDRESS_LOOK_MS), signal);
      if (signal.aborted) break;
      const longestAgo = this.#scheduler
        .networksFullElsewhere()
        .sort((a, b) => (this.#lookedAt.get(a) ?? 0) - (this.#lookedAt.get(b) ?? 0));
      try {
        for (const network of longestAgo.slice(0, LOOKS_PER_ROUND)) await this.#look(network);
      } catch (error) {
        log('warn', 'the running turns of an address could not be counted; it is tried again', { error });
      }
      onRoom();
    }
    this.#isWatching = false;
  }

  async #look(network: string): Promise<void> {
    const { store, clock, bounds } = this.#deps;
    const most = bounds.runningPerAddressMax * limits.widerNetworkFactor;
    this.#lookedAt.delete(network);
    this.#lookedAt.set(network, clock.now());
    const [oldest] = this.#lookedAt.keys();
    if (this.#lookedAt.size > LOOKS_MAX && oldest !== undefined) this.#lookedAt.delete(oldest);
    const running = await store.turns.countFromNetwork(network, 'generating', most);
    this.#scheduler.learn(network, Math.max(running - this.#scheduler.runningOf(network), 0));
  }
}
