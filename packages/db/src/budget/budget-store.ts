import { trusted } from 'mongoose';
import { isDuplicateKey } from '../connection/database-errors.ts';
import type { Models } from '../models.ts';
import type { BudgetStore } from './budget-port.ts';
import { budgetId, giveBack } from './reservations.ts';

export function createBudgetStore({ budgets }: Models): BudgetStore {
  return {
    async reserve({ team }, reservation, tokensPerDay) {
      // One document says what is left: of parallel reservations the first that finds nothing left is the last.
      const hasLeft = { _id: budgetId(reservation), team, spent: trusted({ $lt: tokensPerDay }) };
      const take = { $inc: { spent: reservation.tokens } };
      // The first of a day makes the document; a budget of nothing has none to make.
      if (tokensPerDay <= 0) return false;
      try {
        const setOnce = { $setOnInsert: { createdAt: new Date() } };
        await budgets.updateOne(hasLeft, { ...take, ...setOnce }, { upsert: true });
        return true;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      // It is there: spent, or made by another one at this very moment.
      const { matchedCount } = await budgets.updateOne(hasLeft, take);
      return matchedCount === 1;
    },

    giveBack: (_scope, reservations) => giveBack(budgets, reservations),
  };
}
