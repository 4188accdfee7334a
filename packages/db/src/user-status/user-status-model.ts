import type { Id } from '@parley/contract';
import { Schema } from 'mongoose';
import { type FieldsOf, options, string } from '../schema-fields.ts';

/** A user who is blocked or was signed out. Most users have no such document. */
export interface UserStatusDocument {
  /** A hash of team and user: see `hashOfUser`. */
  _id: string;
  team: Id<'team'>;
  /** Absent once the user's data is deleted: the block stays, without a name. */
  user?: string;
  blockedAt?: Date;
  /** Tokens issued at this time or before are rejected. */
  signedOutAt?: Date;
  /** The time of its removal. Absent while the user is blocked. */
  forgetAt?: Date;
}

/** The `userStatuses` collection. MongoDB removes a status once its `forgetAt` has passed. */
export const userStatusSchema = new Schema<UserStatusDocument>(
  {
    _id: string,
    team: string,
    user: String,
    blockedAt: Date,
    signedOutAt: Date,
    forgetAt: Date,
  } satisfies FieldsOf<UserStatusDocument>,
  { ...options, collection: 'userStatuses' },
);
userStatusSchema.index({ team: 1 });
userStatusSchema.index({ blockedAt: 1 }, { sparse: true });
userStatusSchema.index({ forgetAt: 1 }, { expireAfterSeconds: 0 });
