import type { Id } from '@parley/contract';
import type { ReadGuard } from '../credential/credential-cache.ts';
import type { Scope } from '../scope.ts';
import type { GuestMove, GuestRecord } from './guest-records.ts';

/** The guests of a team: anonymous users, each with a token. */
export interface GuestStore {
  /**
   * Creates a guest for a key family. The token is not stored, so return it to the guest now. `network` is the encrypted
   * network that creates the guest.
   */
  create(scope: Scope, family: Id<'key'>, network?: string): Promise<{ id: Id<'guest'>; token: string }>;
  /** The guest with this token. `guard` runs the read of a token that this process does not know. */
  find(scope: Scope, token: string, guard?: ReadGuard): Promise<GuestRecord | undefined>;
  /** Stores the time of a guest's request, to about a day. Guests are removed `limits.guestSeconds` after it. */
  noteSeen(scope: Scope, guest: Pick<GuestRecord, 'id' | 'seenAt'>): Promise<void>;
  /**
   * Moves the chats of a guest to a user, and ends the guest. Repeatable. `finishMove` moves chats that are created
   * meanwhile. False if another user claimed them, or the guest does not exist.
   */
  move(scope: Scope, id: Id<'guest'>, user: string): Promise<boolean>;
  /** At most `limit` moves that may have left chats behind, oldest first, without those of `except`. */
  listMoves(limit: number, except: readonly Id<'guest'>[]): Promise<GuestMove[]>;
  /** Moves the chats that a crash, or a process with an old cache, left behind. Repeatable. */
  finishMove(move: GuestMove): Promise<void>;
}
