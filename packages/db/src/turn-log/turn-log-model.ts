import { type Id, limits } from '@parley/contract';
import { Schema } from 'mongoose';
import { date, type FieldsOf, options, string } from '../schema-fields.ts';

/** A piece of the text of a running answer as it is stored. */
export interface TurnLogDocument {
  /** Turn, attempt and the offset the text reaches: see `logKey`. One index serves uniqueness and reading. */
  _id: string;
  team: Id<'team'>;
  text: string;
  createdAt: Date;
}

/** The `turnLog` collection. MongoDB removes a piece after `limits.turnLogSeconds`. */
export const turnLogSchema = new Schema<TurnLogDocument>(
  { _id: string, team: string, text: string, createdAt: date } satisfies FieldsOf<TurnLogDocument>,
  { ...options, collection: 'turnLog' },
);
turnLogSchema.index({ createdAt: 1 }, { expireAfterSeconds: limits.turnLogSeconds });
