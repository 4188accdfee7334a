import type { Id } from '@parley/contract';
import { Schema } from 'mongoose';
import { date, type FieldsOf, options, string, untilConfirmed } from '../schema-fields.ts';
import type { FeedbackRecord } from './feedback-records.ts';

/** Feedback on an answer as it is stored. */
export interface FeedbackDocument {
  /** Chat, answer and author: see `feedbackId`. One index serves uniqueness, reading and the removal with the chat. */
  _id: string;
  team: Id<'team'>;
  /** The agent of the chat, the version that answered, and the day on which the answer ended, for sums. */
  agent: Id<'agent'>;
  agentVersion?: number;
  day: string;
  rating: FeedbackRecord['rating'];
  comment?: string;
  updatedAt: Date;
  /**
   * New feedback has it until its author's request has seen that the chat still exists. If the process dies in between, or
   * the insert takes effect late, MongoDB removes the feedback: nothing of a deleted chat stays.
   */
  pendingSince?: Date;
}

/** The `feedback` collection. MongoDB removes feedback that was never confirmed. */
export const feedbackSchema = new Schema<FeedbackDocument>(
  {
    ...{ _id: string, team: string, agent: string, agentVersion: Number, day: string },
    ...{ rating: string, comment: String, updatedAt: date, pendingSince: Date },
  } satisfies FieldsOf<FeedbackDocument>,
  { ...options, collection: 'feedback' },
);
feedbackSchema.index({ team: 1, day: 1, agent: 1, agentVersion: 1, rating: 1 });
feedbackSchema.index({ pendingSince: 1 }, untilConfirmed);
