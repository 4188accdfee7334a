import type { Id } from '@parley/contract';
import type { ChatAccess, ChatTail, Scope } from '@parley/db';
import type { Clock } from './clock.ts';

/** Chats a process remembers the end of; a forgotten one is read again. */
const CHATS_MAX = 10_000;

/** Far less than a deletion marker stays: what the marker rejects is forgotten before it. */
const TAIL_MAX_AGE_MS = 10 * 60_000;

interface KnownTail extends ChatTail {
  /** What the run of the newest turn read of the chat, in the scope of the whole team. */
  readonly access: ChatAccess;
  readonly since: number;
}

/**
 * The tails of chats whose newest turn ended in this process: guesses, which spare the next message of a chat
 * its reads. A wrong one costs a failed insert, never more: the unique index on (chat, sequence) rejects it,
 * and what the insert stands on is looked at again before the model is called. So is the chat: what is remembered
 * of it serves a message alone, and nobody whose scope is less than the team. A chat's user may change, its team not.
 */
export class KnownTails {
  /** In the order of their last use: one that is taken is removed, and remembered again at its turn's end. */
  readonly #tails = new Map<string, KnownTail>();
  readonly #clock: Pick<Clock, 'now'>;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  remember(access: ChatAccess, end: Pick<ChatTail, 'sequence' | 'textBytes'>): void {
    const name = access.chat.team + access.chat.id;
    this.#tails.delete(name);
    this.#tails.set(name, { ...end, access, since: this.#clock.now(), ended: true, unfinished: 0 });
    const [oldest] = this.#tails.keys();
    if (this.#tails.size > CHATS_MAX && oldest !== undefined) this.#tails.delete(oldest);
  }

  /** Answers a tail once: of two messages at a time, the second one's guess would be wrong. */
  take({ chat: { team, id } }: ChatAccess): ChatTail | undefined {
    const tail = this.#find(team, id);
    this.#tails.delete(team + id);
    return tail;
  }

  /** The access to a chat whose tail is remembered, for a scope that reaches all of its team. */
  accessFor({ team, user, agents }: Scope, chat: Id<'chat'>): ChatAccess | undefined {
    if (user !== undefined || agents !== undefined) return undefined;
    return this.#find(team, chat)?.access;
  }

  #find(team: Id<'team'>, chat: Id<'chat'>): KnownTail | undefined {
    const tail = this.#tails.get(team + chat);
    return tail && this.#clock.now() - tail.since < TAIL_MAX_AGE_MS ? tail : undefined;
  }
}
