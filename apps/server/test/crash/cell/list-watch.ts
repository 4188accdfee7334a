import { setTimeout as delay } from 'node:timers/promises';
import { ListFollower, readList } from '../clients/list-follower.ts';
import { type Background, checkBackground } from '../judge/check-background.ts';
import type { ObservedTurn } from '../judge/history.ts';
import type { Lab } from '../lab/lab.ts';
import type { Random } from '../random.ts';
import { clientOf } from './writers.ts';

const PAUSE_MS = 250;
/** The recovery loop counts the turns of a killed server, once MongoDB has ended its transaction: after 60 to 90 seconds. */
const SETTLE_MAX_MS = 120_000;

/** A client that shows the list of chats while faults are injected. */
export class ListWatch implements AsyncDisposable {
  readonly #lab: Lab;
  readonly #random: Random;
  readonly #follower: ListFollower;

  constructor(lab: Lab, random: Random) {
    this.#lab = lab;
    this.#random = random;
    this.#follower = new ListFollower(clientOf(lab, random, 0));
  }

  /** Compares what it shows with the lists of the servers, and these with the turns. Returns the violations of promises. */
  async check(turns: readonly ObservedTurn[]): Promise<string[]> {
    await this.#lab.ready();
    const giveUpAt = performance.now() + SETTLE_MAX_MS;
    for (;;) {
      const offences = checkBackground(await this.#observe(turns));
      if (offences.length === 0 || performance.now() > giveUpAt) return offences;
      await delay(PAUSE_MS);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#follower.stop();
  }

  async #observe(turns: readonly ObservedTurn[]): Promise<Background> {
    const { sites, raw } = this.#lab;
    const client = clientOf(this.#lab, this.#random, 0);
    const lists = await Promise.all(
      sites.map(async ({ slot }) => ({ server: slot.name, chats: (await readList(client, slot)) ?? [] })),
    );
    const ids = turns.map(({ id }) => id);
    const entries = raw.collection<{ _id: string }>('searchEntries').find({ _id: { $in: ids } });
    const searchable = new Set((await entries.toArray()).map(({ _id }) => _id));
    return { turns, lists, followed: [...this.#follower.shown.values()], searchable };
  }
}
