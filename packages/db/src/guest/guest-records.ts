import type { Id } from '@parley/contract';

/** Someone who came with a key and got a token. */
export interface GuestRecord {
  readonly id: Id<'guest'>;
  readonly lineage: Id<'key'>;
  /** When their token was issued. */
  readonly createdAt: Date;
  /** When they were let in last, to about a day. */
  readonly seenAt: Date;
  /** The user who took over their chats: the token is over. */
  readonly movedTo?: string;
}

/** A guest whose chats a user took over, while some may not have been moved yet. */
export interface GuestMove {
  readonly id: Id<'guest'>;
  readonly team: Id<'team'>;
  readonly movedTo?: string;
  readonly movingSince?: Date;
}
