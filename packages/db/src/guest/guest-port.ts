import type { Id } from '@parley/contract';
import type { ReadGuard } from '../credential/credential-cache.ts';
import type { Scope } from '../scope.ts';
import type { GuestMove, GuestRecord } from './guest-records.ts';

export interface GuestStore {
  /** Makes a guest of a key. Their token exists nowhere else. */
  create(scope: Scope, lineage: Id<'key'>): Promise<{ id: Id<'guest'>; token: string }>;
  /** `guard` stands before a read for a token this process does not know. */
  find(scope: Scope, token: string, guard?: ReadGuard): Promise<GuestRecord | undefined>;
  /** Notes, to about a day, that a guest was let in: from then on they are kept for `limits.guestSeconds`. */
  noteSeen(scope: Scope, guest: Pick<GuestRecord, 'id' | 'seenAt'>): Promise<void>;
  /**
   * Gives a guest's chats to a user, and ends the guest. Repeatable: a mark first, then the chats, and
   * `finishMove` moves what comes late. False: they are another user's, or there is no such guest.
   */
  move(scope: Scope, id: Id<'guest'>, user: string): Promise<boolean>;
  /** Moves that may have left chats behind, oldest first, at most `limit`; but not those of `except`. */
  listMoves(limit: number, except: readonly Id<'guest'>[]): Promise<GuestMove[]>;
  /** Moves what a crash, or a process that did not know yet, left behind. Repeatable. */
  finishMove(move: GuestMove): Promise<void>;
}
