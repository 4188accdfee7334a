import type { Id } from '@parley/contract';
import type { ChatTail, Scope } from '@parley/db';

/** Chats a process remembers the end of; a forgotten one is read again. */
const CHATS_MAX = 10_000;

/** The newest turn of a chat, and whose chat it is. */
export interface KnownTail extends ChatTail {
  readonly user: string | undefined;
}

/**
 * The tails of chats whose newest turn ended in this process: guesses, which spare the next message of a chat
 * its reads. A wrong one costs a failed insert, never more: the unique index on (chat, sequence) refuses it,
 * and what the insert stands on is looked at again before the model is called.
 */
export class KnownTails {
  /** In the order of their last use: one that is taken is removed, and remembered again at its turn's end. */
  readonly #tails = new Map<string, KnownTail>();

  remember({ team }: Scope, chat: Id<'chat'>, end: Pick<KnownTail, 'sequence' | 'textBytes' | 'user'>): void {
    const name = team + chat;
    this.#tails.delete(name);
    this.#tails.set(name, { ...end, ended: true, unfinished: 0 });
    const [oldest] = this.#tails.keys();
    if (this.#tails.size > CHATS_MAX && oldest !== undefined) this.#tails.delete(oldest);
  }

  /** Answers a tail once: of two messages at a time, the second one's guess would be wrong. */
  take({ team }: Scope, chat: Id<'chat'>): KnownTail | undefined {
    const tail = this.#tails.get(team + chat);
    if (tail) this.#tails.delete(team + chat);
    return tail;
  }
}
