import type { Id } from '@parley/contract';
import type { Scope } from '../scope.ts';

/** Whether a user is blocked or was signed out. Empty for most users. */
export interface UserStatus {
  /** The time since which the user is blocked. */
  readonly blockedAt?: Date;
  /** Every token issued at this time or before it is rejected. */
  readonly signedOutAt?: Date;
}

/** A user of any team who was blocked. */
export interface BlockedUser {
  /** The id of the status. */
  readonly id: string;
  readonly team: Id<'team'>;
  readonly user: string;
  readonly blockedAt: Date;
}

/** The blocked and signed-out users of a team. */
export interface UserStatusStore {
  /** Blocks a user. Every process rejects the user within seconds. Returns the time of the first block. Repeatable. */
  block(scope: Scope, user: string): Promise<Date>;
  /** Removes the block of a user. Repeatable. */
  unblock(scope: Scope, user: string): Promise<void>;
  /** Rejects every token of a user that was issued until now. Returns the time. */
  signOut(scope: Scope, user: string): Promise<Date>;
  /** The status of a user, at most `limits.cacheMs` old. */
  find(scope: Scope, user: string): Promise<UserStatus>;
  /**
   * The current status of a user. Read it before you issue something to them that works longer than `limits.cacheMs`.
   */
  findNow(scope: Scope, user: string): Promise<UserStatus>;
  /**
   * At most `limit` users of all teams who were blocked since then, the first ones first, without the statuses of
   * `except`. Users whose data was deleted are not listed.
   */
  listBlockedSince(since: Date, limit: number, except: readonly string[]): Promise<BlockedUser[]>;
}
