import { type Id, limits } from '@parley/contract';
import { Schema } from 'mongoose';
import { date, type FieldsOf, options, string } from '../schema-fields.ts';

/** A guest as it is stored: an anonymous user whose token proves that they are the same person as before. */
export interface GuestDocument {
  _id: Id<'guest'>;
  team: Id<'team'>;
  /** The family of the key they came with. Their token works with no other key. */
  lineage: Id<'key'>;
  /** SHA-256 of the token. */
  hash: string;
  createdAt: Date;
  /** To about a day; from then on they are kept for limits.guestSeconds. */
  seenAt: Date;
  /** The network that created them, encrypted. A claim removes it. */
  network?: string;
  /** The user who claimed their chats. */
  movedTo?: string;
  /** While some of the chats may not have been moved yet. */
  movingSince?: Date;
}

/** The `guests` collection. MongoDB removes guests that were not seen for `limits.guestSeconds`. */
export const guestSchema = new Schema<GuestDocument>(
  {
    _id: string,
    team: string,
    lineage: string,
    hash: string,
    createdAt: date,
    seenAt: date,
    network: String,
    movedTo: String,
    movingSince: Date,
  } satisfies FieldsOf<GuestDocument>,
  { ...options, collection: 'guests' },
);
guestSchema.index({ hash: 1 }, { unique: true });
guestSchema.index({ team: 1, movedTo: 1 });
guestSchema.index({ movingSince: 1 }, { sparse: true });
guestSchema.index({ seenAt: 1 }, { expireAfterSeconds: limits.guestSeconds });
