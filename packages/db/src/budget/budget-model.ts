import type { Id } from '@parley/contract';
import { Schema } from 'mongoose';
import { date, type FieldsOf, number, options, string } from '../schema-fields.ts';

/** The tokens that a key, a user or a team has used and reserved on one day, as they are stored. */
export interface BudgetDocument {
  /** Subject and day. */
  _id: string;
  team: Id<'team'>;
  spent: number;
  createdAt: Date;
}

/** Longer than the day, and than any turn that began on it. */
const BUDGET_SECONDS = 3 * 24 * 60 * 60;

/** The `budgets` collection. MongoDB removes the budget of a day three days later. */
export const budgetSchema = new Schema<BudgetDocument>(
  { _id: string, team: string, spent: number, createdAt: date } satisfies FieldsOf<BudgetDocument>,
  { ...options, collection: 'budgets' },
);
budgetSchema.index({ team: 1 });
budgetSchema.index({ createdAt: 1 }, { expireAfterSeconds: BUDGET_SECONDS });
