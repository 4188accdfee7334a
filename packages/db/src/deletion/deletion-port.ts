import type { Id } from '@parley/contract';
import type { Scope } from '../scope.ts';

/** The deletion of all data of a user, or of a whole team. */
export interface DeletionRecord {
  readonly id: Id<'deletion'>;
  readonly team: Id<'team'>;
  /** Absent for a whole team, and once the deletion is finished. */
  readonly user?: string;
  readonly createdAt: Date;
  readonly finishedAt?: Date;
}

/**
 * The deletions of users and teams. Each is stored before it begins, so that any process can continue it. Every step is
 * repeatable, also by several processes at the same time.
 */
export interface DeletionStore {
  /** Begins to delete all data of a user. Returns the running deletion if there is one. */
  begin(scope: Scope, user: string): Promise<DeletionRecord>;
  /** Begins to delete a team with all its data. */
  beginTeam(team: Id<'team'>): Promise<DeletionRecord>;
  /** At most `limit` unfinished deletions after `after`, oldest first. */
  listPending(limit: number, after?: Id<'deletion'>): Promise<DeletionRecord[]>;
  /**
   * Removes the credentials: a team with its keys and secrets, or a user's tokens as a guest. Returns the deletions of the
   * guests whose chats the user claimed, because their data is the user's as well.
   */
  revokeCredentials(deletion: DeletionRecord): Promise<DeletionRecord[]>;
  /** Marks at most `limit` chats deleted, so that nobody can access them. Returns the number it found. */
  markChats(deletion: DeletionRecord, limit: number): Promise<number>;
  /** At most `limit` chats that are marked and not removed yet, without those of `except`. */
  listChats(deletion: DeletionRecord, limit: number, except: readonly Id<'chat'>[]): Promise<Id<'chat'>[]>;
  /** Removes the tombstone of a chat whose turns are removed. */
  removeChat(deletion: DeletionRecord, chat: Id<'chat'>): Promise<void>;
  /** Removes at most `limit` other documents from each collection. Returns the number it found. */
  removeRest(deletion: DeletionRecord, limit: number): Promise<number>;
  /**
   * Finishes a deletion. Undefined while a process may still have cached a removed key or guest: the deletions of teams and
   * guests are continued until then.
   */
  finish(deletion: DeletionRecord, now: Date): Promise<DeletionRecord | undefined>;
}
