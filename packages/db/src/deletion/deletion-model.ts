import { type Id, limits } from '@parley/contract';
import { Schema } from 'mongoose';
import { date, type FieldsOf, options, string } from '../schema-fields.ts';

/** The deletion of a user or a team as it is stored. */
export interface DeletionDocument {
  _id: Id<'deletion'>;
  team: Id<'team'>;
  /** Absent: the whole team; or it is finished. */
  user?: string;
  isPending?: true;
  createdAt: Date;
  finishedAt?: Date;
}

/** The `deletions` collection. MongoDB removes a finished deletion after `limits.deletionSeconds`. */
export const deletionSchema = new Schema<DeletionDocument>(
  {
    _id: string,
    team: string,
    user: String,
    isPending: Boolean,
    createdAt: date,
    finishedAt: Date,
  } satisfies FieldsOf<DeletionDocument>,
  { ...options, collection: 'deletions' },
);
deletionSchema.index({ team: 1, user: 1 }, { unique: true, partialFilterExpression: { isPending: true } });
deletionSchema.index({ team: 1, _id: 1 });
deletionSchema.index({ isPending: 1, _id: 1 }, { sparse: true });
deletionSchema.index({ finishedAt: 1 }, { expireAfterSeconds: limits.deletionSeconds });
