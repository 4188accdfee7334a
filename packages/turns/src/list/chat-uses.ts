import { compactAs, type Id } from '@parley/contract';
import type { ChatRecord, ChatUse } from '@parley/db';
import type { TurnDeps } from '../dependencies.ts';
import type { Followers } from '../read/followers.ts';
import { ACCEPTED_USES_MAX, USES_EVERY_MS } from './intervals.ts';

interface UsesDeps extends Pick<TurnDeps, 'store' | 'clock' | 'log'> {
  readonly followers: Followers;
}

/**
 * The uses of chats that this process has not written yet. They are written in the background, about twice a second and
 * one update for each chat, and announced to the followers of lists, so that no message waits for them. An ended turn is
 * counted only after its use is written: if this process dies before, the recovery loop that counts the turn finds the use
 * with it.
 */
export class ChatUses {
  readonly #deps: UsesDeps;
  #noted = new Map<Id<'chat'>, ChatUse>();
  /** The last write. A write that is requested meanwhile begins after it. */
  #last: Promise<void> = Promise.resolve();

  constructor(deps: UsesDeps) {
    this.#deps = deps;
  }

  /** Notes that a turn was accepted. Its end writes the use again, so it may be left out while too many wait. */
  accepted(turn: TurnOfChat, createdAt: Date): void {
    this.#noteIfRoom({ ...placeOf(turn), at: createdAt, accepted: turn.sequence });
  }

  /** Notes that a turn has ended. The turns that wait to be counted are bounded, and these uses with them. */
  ended(turn: TurnOfChat, endedAt: Date): void {
    this.#note({ ...placeOf(turn), at: endedAt, accepted: turn.sequence, ended: turn.sequence });
  }

  /** Notes that a caller created a chat, for the followers of its list. */
  changed({ id: chat, team, createdAt, updatedAt = createdAt }: ChatRecord): void {
    this.#noteIfRoom({ team, chat, at: updatedAt });
  }

  /**
   * Writes all uses that were noted before this call.
   *
   * @throws ApiError `database_unavailable`; the uses are written the next time
   */
  write(): Promise<void> {
    const written = this.#last.then(() => this.#writeNoted());
    this.#last = written.catch(() => undefined);
    return written;
  }

  /** Writes the uses until the signal aborts, and then the rest. Never rejects. */
  async work(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    while (!signal.aborted) {
      await clock.sleep(USES_EVERY_MS, signal);
      if (this.#noted.size === 0) continue;
      await this.write().catch((error: unknown) => {
        log('warn', 'uses of chats could not be written; it is tried again', { error });
      });
    }
  }

  #noteIfRoom(use: ChatUse): void {
    if (this.#noted.size < ACCEPTED_USES_MAX || this.#noted.has(use.chat)) this.#note(use);
  }

  #note(use: ChatUse): void {
    const noted = this.#noted.get(use.chat);
    this.#noted.set(use.chat, noted ? newestOf(noted, use) : use);
  }

  async #writeNoted(): Promise<void> {
    const uses = this.#noted;
    if (uses.size === 0) return;
    const { store, followers } = this.#deps;
    this.#noted = new Map();
    try {
      await store.chats.noteUses([...uses.values()]);
      // After the uses, so that a reader of the announcement also finds them.
      const teams = await store.chatChanges.announce([...uses.keys()]);
      for (const team of teams) followers.lists.notify(team, 'changed');
    } catch (error) {
      for (const use of uses.values()) this.#note(use);
      throw error;
    }
  }
}

/** A turn with its place in its chat. */
interface TurnOfChat {
  readonly team: Id<'team'>;
  readonly chat: Id<'chat'>;
  readonly sequence: number;
}

function placeOf({ team, chat }: TurnOfChat) {
  return { team, chat };
}

function newestOf(one: ChatUse, other: ChatUse): ChatUse {
  const { team, chat, at, accepted, ended } = one;
  return compactAs<ChatUse>({
    ...{ team, chat, at: at > other.at ? at : other.at },
    accepted: newestOfSequences(accepted, other.accepted),
    ended: newestOfSequences(ended, other.ended),
  });
}

/** Sequences begin with 1. */
function newestOfSequences(one = 0, other = 0): number | undefined {
  return Math.max(one, other) || undefined;
}
