import type { Id } from '@parley/contract';

/** An anonymous user who came with a key and got a token. */
export interface GuestRecord {
  readonly id: Id<'guest'>;
  readonly familyId: Id<'key'>;
  /** The time at which their token was issued. */
  readonly createdAt: Date;
  /** The time of their last request, to about a day. */
  readonly seenAt: Date;
  /** The network that created them, encrypted. Absent for guests of earlier versions. */
  readonly network?: string;
  /** The user who claimed their chats. The token does not work any more. */
  readonly movedTo?: string;
}

/** A guest whose chats a user claimed, while some may not have been moved yet. */
export interface GuestMove {
  readonly id: Id<'guest'>;
  readonly team: Id<'team'>;
  readonly movedTo?: string;
  readonly movingSince?: Date;
}
