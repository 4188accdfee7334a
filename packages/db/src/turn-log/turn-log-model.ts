import { type Id, limits, type OpenPart } from '@parley/contract';
import { Schema } from 'mongoose';
import { date, type FieldsOf, number, options, part, string } from '../schema-fields.ts';

/** A piece of the text of a running answer as it is stored. */
export interface TurnLogDocument {
  /** Turn, attempt and the offset the text reaches: see `logKey`. One index serves uniqueness and reading. */
  _id: string;
  team: Id<'team'>;
  /** The text of the piece, which is all of it while the answer has text alone. */
  text: string;
  /** The whole piece, with the part that it continues and the number of marks before it. */
  pieces?: { open?: OpenPart; index: number; tape: string };
  createdAt: Date;
}

/** The `turnLog` collection. MongoDB removes a piece after `limits.turnLogSeconds`. */
export const turnLogSchema = new Schema<TurnLogDocument>(
  {
    ...{ _id: string, team: string, text: string, createdAt: date },
    pieces: new Schema({ open: String, index: number, tape: string }, part),
  } satisfies FieldsOf<TurnLogDocument>,
  { ...options, collection: 'turnLog' },
);
turnLogSchema.index({ createdAt: 1 }, { expireAfterSeconds: limits.turnLogSeconds });
