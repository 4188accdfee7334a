import type { Id } from '@parley/contract';
import type { ChatAccess, ChatTail, Scope } from '@parley/db';
import type { Clock } from '@parley/quota';
import { HISTORY_MAX_AGE_MS, TAIL_MAX_AGE_MS } from './intervals.ts';
import { type History, lengthOf } from './known-history.ts';

/** The number of chats whose tail a process remembers. A forgotten tail is read again. */
const CHATS_MAX = 10_000;

/** UTF-16 units of all histories that are remembered. */
const HISTORIES_LENGTH_MAX = 16 * 1024 * 1024;

/** A chat's newest turn, which ended in this process, and the history before the next one. */
export interface EndedTail extends ChatTail {
  readonly history?: History | undefined;
  /** The chat's revision when the history was read. */
  readonly revision?: number | undefined;
}

interface KnownTail extends ChatTail {
  /** The chat as the run of its newest turn read it, with team-wide access. */
  readonly access: ChatAccess;
  readonly since: number;
}

/**
 * The tails of chats whose newest turn ended in this process. They save the reads before the next message of a chat.
 * A stale tail costs a failed insert and nothing else: the unique index on (chat, sequence) rejects it. The history
 * is remembered with the tail. An ended turn never changes, so a turn that was inserted directly after the tail has
 * exactly this history unless its chat was deleted or, which its revision tells, a message was removed. The chat is read again before the model is called, and the
 * remembered chat serves only messages in the scope of the whole team: a chat's user may change, its team does not.
 */
export class KnownTails {
  /** Oldest first. `take` removes a tail, and the end of the next turn remembers a new one. */
  readonly #tails = new Map<Id<'chat'>, KnownTail>();
  /** The histories of some of these tails, oldest first. */
  readonly #histories = new Map<Id<'chat'>, History>();
  readonly #clock: Pick<Clock, 'now'>;
  /** UTF-16 units of all histories. */
  #length = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  remember(
    access: ChatAccess,
    { history, ...end }: Pick<EndedTail, 'sequence' | 'textBytes' | 'history'>,
  ): void {
    const { id } = access.chat;
    this.#delete(id);
    this.#tails.set(id, { ...end, access, since: this.#clock.now(), ended: true, unfinished: 0 });
    if (history) {
      this.#histories.set(id, history);
      this.#length += lengthOf(history);
    }
    while (this.#tails.size > CHATS_MAX) this.#delete(this.#tails.keys().next().value);
    while (this.#length > HISTORIES_LENGTH_MAX) this.#dropHistory(this.#histories.keys().next().value);
  }

  /** Returns and removes a tail: a second concurrent message would get a stale tail. */
  take({ chat: { team, id } }: ChatAccess): EndedTail | undefined {
    const tail = this.#find(team, id);
    if (!tail) return undefined;
    const history = this.#hasOldHistory(tail) ? undefined : this.#histories.get(id);
    this.#delete(id);
    return { ...tail, history, revision: tail.access.chat.revision };
  }

  /** The access to a chat whose tail is remembered, for a scope of the whole team. */
  accessFor({ team, user, agents }: Scope, chat: Id<'chat'>): ChatAccess | undefined {
    if (user !== undefined || agents !== undefined) return undefined;
    return this.#find(team, chat)?.access;
  }

  /** Forgets a chat that was deleted. */
  forget(chat: Id<'chat'>): void {
    this.#delete(chat);
  }

  /** Removes the histories that are too old. It visits only these, because every tick calls it. */
  dropOldHistories(): void {
    for (const chat of this.#histories.keys()) {
      const tail = this.#tails.get(chat);
      if (tail && !this.#hasOldHistory(tail)) return;
      this.#dropHistory(chat);
    }
  }

  #hasOldHistory({ since }: KnownTail): boolean {
    return this.#clock.now() - since >= HISTORY_MAX_AGE_MS;
  }

  #find(team: Id<'team'>, chat: Id<'chat'>): KnownTail | undefined {
    const tail = this.#tails.get(chat);
    if (tail?.access.chat.team !== team) return undefined;
    return this.#clock.now() - tail.since < TAIL_MAX_AGE_MS ? tail : undefined;
  }

  #dropHistory(chat: Id<'chat'> | undefined): void {
    const history = chat && this.#histories.get(chat);
    if (!history) return;
    this.#histories.delete(chat);
    this.#length -= lengthOf(history);
  }

  #delete(chat: Id<'chat'> | undefined): void {
    if (!chat) return;
    this.#tails.delete(chat);
    this.#dropHistory(chat);
  }
}
