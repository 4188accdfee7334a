import type { Id } from '@parley/contract';
import type { ChatTail, Scope } from '@parley/db';
import type { Clock } from './clock.ts';

/** Chats a process remembers the end of; a forgotten one is read again. */
const CHATS_MAX = 10_000;

/** Far less than a deletion marker stays: what the marker rejects is forgotten before it. */
const TAIL_MAX_AGE_MS = 10 * 60_000;

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
  readonly #tails = new Map<string, { readonly tail: KnownTail; readonly since: number }>();
  readonly #clock: Pick<Clock, 'now'>;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  remember({ team }: Scope, chat: Id<'chat'>, end: Pick<KnownTail, 'sequence' | 'textBytes' | 'user'>): void {
    const name = team + chat;
    this.#tails.delete(name);
    const tail = { ...end, ended: true, unfinished: 0 };
    this.#tails.set(name, { tail, since: this.#clock.now() });
    const [oldest] = this.#tails.keys();
    if (this.#tails.size > CHATS_MAX && oldest !== undefined) this.#tails.delete(oldest);
  }

  /** Answers a tail once: of two messages at a time, the second one's guess would be wrong. */
  take({ team }: Scope, chat: Id<'chat'>): KnownTail | undefined {
    const known = this.#tails.get(team + chat);
    if (!known) return undefined;
    this.#tails.delete(team + chat);
    return this.#clock.now() - known.since < TAIL_MAX_AGE_MS ? known.tail : undefined;
  }
}
