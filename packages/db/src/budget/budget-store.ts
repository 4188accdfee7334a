import { trusted } from 'mongoose';
import { isDuplicateKey } from '../connection/database-errors.ts';
import type { Models } from '../models.ts';
import type { BudgetStore } from './budget-port.ts';
import { budgetId, giveBack } from './reservations.ts';

/** Creates the store of budgets. Each budget is one document per subject and day. */
export function createBudgetStore({ budgets }: Models): BudgetStore {
  return {
    async reserve({ team }, reservation, tokensPerDay) {
      // One document holds the budget: once a reservation has used it up, the filter of the next one does not match.
      const hasLeft = { _id: budgetId(reservation), team, spent: trusted({ $lt: tokensPerDay }) };
      const take = { $inc: { spent: reservation.tokens } };
      // The first reservation of a day inserts the document. A budget of 0 must not insert one.
      if (tokensPerDay <= 0) return false;
      try {
        const setOnce = { $setOnInsert: { createdAt: new Date() } };
        await budgets.updateOne(hasLeft, { ...take, ...setOnce }, { upsert: true });
        return true;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      // The document exists: the budget is used up, or another reservation inserted it at the same moment.
      const { matchedCount } = await budgets.updateOne(hasLeft, take);
      return matchedCount === 1;
    },

    giveBack: (_scope, reservations) => giveBack(budgets, reservations),
  };
}
