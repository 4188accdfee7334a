import type { Id } from '@parley/contract';
import type { Clock } from '@parley/quota';
import { PLACEMENT_WAIT_MAX_MS } from './intervals.ts';

/**
 * Inserts the messages of a chat one after the other in this process, in the order of their arrival. Without it,
 * messages that arrive together would ask for the same sequence number in one batch, and all but one would try again
 * many times. The unique index still decides, also among processes. Therefore a message stops waiting after a timeout
 * because the message before it may hang.
 */
export class ChatPlaces {
  readonly #clock: Pick<Clock, 'after'>;
  /** A promise for the end of the newest insert of each chat with an insert in flight. */
  readonly #newest = new Map<Id<'chat'>, Promise<void>>();

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  /** The number of chats with a message that is being inserted. */
  get size(): number {
    return this.#newest.size;
  }

  /** Runs `place` after the earlier messages of the chat are inserted or rejected. */
  async inOrder<Result>(chat: Id<'chat'>, place: () => Promise<Result>): Promise<Result> {
    const before = this.#newest.get(chat);
    const { promise: end, resolve } = Promise.withResolvers<void>();
    this.#newest.set(chat, end);
    try {
      if (before) await this.#waitFor(before);
      return await place();
    } finally {
      resolve();
      if (this.#newest.get(chat) === end) this.#newest.delete(chat);
    }
  }

  async #waitFor(before: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = this.#clock.after(PLACEMENT_WAIT_MAX_MS, late.resolve);
    await Promise.race([before, late.promise]);
    timer.cancel();
  }
}
