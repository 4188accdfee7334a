import { Schema } from 'mongoose';
import { date, type FieldsOf, number, options, string } from '../schema-fields.ts';

/** The requests of one subject in one minute as they are stored. */
export interface RequestCountDocument {
  /** Subject and minute. */
  _id: string;
  subject: string;
  minute: number;
  count: number;
  createdAt: Date;
}

/** Longer than the counted minute, with a reserve for differences between the processes' clocks. */
const REQUEST_COUNT_SECONDS = 15 * 60;

/** The `requestCounts` collection. MongoDB removes a count after fifteen minutes. */
export const requestCountSchema = new Schema<RequestCountDocument>(
  {
    _id: string,
    subject: string,
    minute: number,
    count: number,
    createdAt: date,
  } satisfies FieldsOf<RequestCountDocument>,
  { ...options, collection: 'requestCounts' },
);
requestCountSchema.index({ createdAt: 1 }, { expireAfterSeconds: REQUEST_COUNT_SECONDS });
