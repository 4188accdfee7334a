import { ApiError, type Id, limits } from '@parley/contract';
import type { ChatRecord, ListChange, Scope } from '@parley/db';
import type { TurnDeps } from '../dependencies.ts';
import type { Followers } from '../read/followers.ts';
import { alignedPause, isWithin, type Reads } from '../read/reads.ts';
import { WakeUp } from '../read/wake-up.ts';
import { CHANGES_OVERLAP_MS, LIST_POLL, LIST_RESUME_RESERVE_MS } from './intervals.ts';

/** An event of a list of chats. */
export type EngineListEvent =
  | { readonly type: 'list-followed' }
  /** Too much changed for single events: the list has to be read again. */
  | { readonly type: 'list-changed' }
  | { readonly type: 'list-chat'; readonly chat: ChatRecord }
  /** The chat was deleted, or left the list. */
  | { readonly type: 'list-chat-removed'; readonly chatId: Id<'chat'> };

/** An event of a list, and the time by the database's clock after which a follower that received it continues. */
export interface ListEventWithCursor {
  readonly cursor: Date;
  readonly event: EngineListEvent;
}

interface FollowListDeps extends Pick<TurnDeps, 'store' | 'clock'> {
  readonly followers: Followers;
  readonly reads: Reads;
  readonly runner: { readonly isDraining: boolean };
}

/**
 * Follows the list of chats in a scope. Each event tells the present state of a chat, so an event that comes twice does no
 * harm. A change may become visible a little after one with a later time, so each poll also covers the last seconds
 * again, and drops the changes that it has seen.
 */
export class ListFollower {
  readonly #deps: FollowListDeps;
  readonly #scope: Scope;
  readonly #wake = new WakeUp();
  /** The changes of the last seconds that were emitted, with their times. */
  #seen = new Map<Id<'chat'> | undefined, number>();
  #cursor = new Date(0);
  #isLetGo = false;
  #isChanged = false;
  #pollPauseMs: number = LIST_POLL.minMs;

  constructor(deps: FollowListDeps, scope: Scope) {
    this.#deps = deps;
    this.#scope = scope;
  }

  /**
   * Emits the changes after `from`. Without a cursor it begins now, with `list-followed`: a list that is read after it lacks
   * no change. `null` stands for a cursor that no server issued.
   *
   * @throws ApiError `draining` when this process disconnects its followers; `database_unavailable`
   */
  async *follow(
    from: Date | null | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<ListEventWithCursor, void, undefined> {
    const { runner, followers, clock } = this.#deps;
    if (runner.isDraining) throw new ApiError('draining');
    const detach = followers.lists.attach(this.#scope.team, (news) => {
      if (news === 'draining') this.#isLetGo = true;
      this.#isChanged = true;
      this.#wake.set();
    });
    signal.addEventListener('abort', this.#wake.set);
    try {
      yield* this.#start(from);
      while (!signal.aborted) {
        if (this.#isLetGo) throw new ApiError('draining');
        yield* this.#poll();
        await this.#wake.wait(clock, alignedPause(clock, this.#pollPauseMs));
      }
    } finally {
      signal.removeEventListener('abort', this.#wake.set);
      detach();
    }
  }

  async *#start(from: Date | null | undefined): AsyncGenerator<ListEventWithCursor> {
    const now = await this.#deps.store.chatChanges.now();
    const keptMs = limits.listChangesSeconds * 1_000 - LIST_RESUME_RESERVE_MS;
    if (from && from <= now && now.getTime() - from.getTime() < keptMs) {
      this.#cursor = from;
      return;
    }
    this.#cursor = now;
    yield this.#withCursor({ type: from === undefined ? 'list-followed' : 'list-changed' });
  }

  async *#poll(): AsyncGenerator<ListEventWithCursor> {
    const { reads } = this.#deps;
    const maxAgeMs = this.#isChanged ? 0 : this.#pollPauseMs / 2;
    this.#isChanged = false;
    const after = new Date(this.#cursor.getTime() - CHANGES_OVERLAP_MS);
    const { changes, isIncomplete } = await reads.listChanges.read({ scope: this.#scope, after }, maxAgeMs);
    const unseen = changes.filter(({ chat, at }) => (this.#seen.get(chat) ?? 0) < at.getTime());
    const { minMs, maxMs, growth } = LIST_POLL;
    this.#pollPauseMs = unseen.length > 0 ? minMs : Math.min(this.#pollPauseMs * growth, maxMs);
    if (unseen.length === 0) return;
    const ids = unseen.flatMap(({ chat }) => chat ?? []);
    const isWhole = isIncomplete || ids.length < unseen.length;
    const events: EngineListEvent[] = isWhole ? [{ type: 'list-changed' }] : await this.#eventsOf(ids);
    const last = events.pop();
    // A follower that is disconnected within these events receives all of them again.
    for (const event of events) yield this.#withCursor(event);
    this.#advance(changes);
    if (last) yield this.#withCursor(last);
  }

  /** The present state of these chats. */
  async #eventsOf(ids: readonly Id<'chat'>[]): Promise<EngineListEvent[]> {
    const chats = await Promise.all(ids.map((chat) => this.#deps.reads.listedChats.read({ chat })));
    return ids.map((chatId, index) => {
      const chat = chats[index];
      return chat && isWithin(this.#scope, chat)
        ? { type: 'list-chat', chat }
        : { type: 'list-chat-removed', chatId };
    });
  }

  #advance(changes: readonly ListChange[]): void {
    const newest = changes.reduce((time, { at }) => Math.max(time, at.getTime()), this.#cursor.getTime());
    this.#cursor = new Date(newest);
    // Older ones are not read again.
    this.#seen = new Map(
      changes
        .filter(({ at }) => at.getTime() > newest - CHANGES_OVERLAP_MS)
        .map(({ chat, at }) => [chat, at.getTime()]),
    );
  }

  #withCursor(event: EngineListEvent): ListEventWithCursor {
    return { cursor: this.#cursor, event };
  }
}
