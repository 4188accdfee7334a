import type { Id } from '@parley/contract';
import { Schema } from 'mongoose';
import { type FieldsOf, number, options, string } from '../schema-fields.ts';

/** The usage of one day by one agent, its version, user, key and model of a team, as it is stored. */
export interface UsageDocument {
  /** A hash of team, day, agent, user, key and model, and of the version if the row has one. */
  _id: string;
  team: Id<'team'>;
  day: string;
  agent: Id<'agent'>;
  /** Absent in rows that release 0.1.0 added to, and for turns that no version answered. */
  agentVersion?: number;
  user?: string;
  /** The family of the key. */
  key?: Id<'key'>;
  model?: string;
  turns: number;
  calls: number;
  inputTokens: number;
  outputTokens: number;
}

/** The `usage` collection. */
export const usageSchema = new Schema<UsageDocument>(
  {
    ...{ _id: string, team: string, day: string, agent: string },
    ...{ agentVersion: Number, user: String, key: String, model: String },
    ...{ turns: number, calls: number, inputTokens: number, outputTokens: number },
  } satisfies FieldsOf<UsageDocument>,
  { ...options, collection: 'usage' },
);
usageSchema.index({ team: 1, day: 1, _id: 1 });
usageSchema.index({ team: 1, user: 1, day: 1 });
usageSchema.index({ team: 1, user: 1 }, { partialFilterExpression: { user: { $exists: true } } });
