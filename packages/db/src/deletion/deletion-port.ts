import type { Id } from '@parley/contract';
import type { Scope } from '../scope.ts';

/** An order to delete all of a user, or of a whole team. */
export interface DeletionRecord {
  readonly id: Id<'deletion'>;
  readonly team: Id<'team'>;
  /** Absent: the whole team; or it is finished, and nobody knows any more. */
  readonly user?: string;
  readonly createdAt: Date;
  readonly finishedAt?: Date;
}

/**
 * Deletions, each written down before it is begun, so that whoever finds it goes on with it. Every step is
 * repeatable, by any number of processes at a time.
 */
export interface DeletionStore {
  /** Orders that all of a user be deleted. One that is under way is answered again. */
  begin(scope: Scope, user: string): Promise<DeletionRecord>;
  /** Orders that a team be deleted, with all it has. */
  beginTeam(team: Id<'team'>): Promise<DeletionRecord>;
  /** Those that are not finished, oldest first, from after `after` on. */
  listPending(limit: number, after?: Id<'deletion'>): Promise<DeletionRecord[]>;
  /**
   * Ends what lets them in: a team with its keys and secrets; a user's tokens as a guest. Answers the deletions
   * of the guests whose chats the user took over, which are theirs as well.
   */
  closeDoors(deletion: DeletionRecord): Promise<DeletionRecord[]>;
  /** Marks chats deleted, at most `limit`: they are gone for everyone. Answers how many it found. */
  markChats(deletion: DeletionRecord, limit: number): Promise<number>;
  /** Chats that were marked, and are not yet removed; but not those of `except`. */
  listChats(deletion: DeletionRecord, limit: number, except: readonly Id<'chat'>[]): Promise<Id<'chat'>[]>;
  /** Removes what is left of a chat whose turns are removed: also that there was one. */
  removeChat(deletion: DeletionRecord, chat: Id<'chat'>): Promise<void>;
  /** Removes what else there is, in any collection, at most `limit` of each. Answers how much it found. */
  removeRest(deletion: DeletionRecord, limit: number): Promise<number>;
  /**
   * Finishes it, unless a process may still remember a key or a guest that is gone: those of a team and of a
   * guest are looked after again until then. Answers the finished one.
   */
  finish(deletion: DeletionRecord, now: Date): Promise<DeletionRecord | undefined>;
}
