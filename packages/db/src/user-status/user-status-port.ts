import type { Id } from '@parley/contract';
import type { Scope } from '../scope.ts';

/** Whether a user may come in; empty for most. */
export interface UserStatus {
  /** Since when the user is shut out. */
  readonly blockedAt?: Date;
  /** Every token issued at this time or before it is rejected. */
  readonly signedOutAt?: Date;
}

/** Who of a team's users is shut out, or was signed out. */
export interface UserStatusStore {
  /** Shuts a user out; answers since when. Every process rejects them within seconds. Repeatable. */
  block(scope: Scope, user: string): Promise<Date>;
  /** Lets a user in again. Repeatable. */
  unblock(scope: Scope, user: string): Promise<void>;
  /** Rejects every token that was issued until now; answers the time. */
  signOut(scope: Scope, user: string): Promise<Date>;
  /** As it was known some seconds ago; empty for a user who is neither. */
  find(scope: Scope, user: string): Promise<UserStatus>;
  /** Users of all teams who were blocked since then, the first ones first. */
  listBlockedSince(
    since: Date,
    limit: number,
  ): Promise<{ readonly team: Id<'team'>; readonly user: string }[]>;
}
