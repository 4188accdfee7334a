import { trusted } from 'mongoose';
import { addUp, createTurnCounter, tokensOf, toUpsert } from './count-turns.ts';
import type { Models } from './models.ts';
import type { Reservation, UsageSum } from './records.ts';
import { settlements } from './reservations.ts';
import type { UsageStore } from './store.ts';

/** The group's field is always there: text, and empty for what has none. */
interface Group extends Omit<UsageSum, 'name'> {
  readonly _id: string;
}

const sums = {
  turns: { $sum: '$turns' },
  calls: { $sum: '$calls' },
  inputTokens: { $sum: '$inputTokens' },
  outputTokens: { $sum: '$outputTokens' },
} as const;

export function createUsageStore(models: Models): UsageStore {
  const { turns, usage, budgets } = models;
  const counter = createTurnCounter(models);
  return {
    count: (ids) => counter.count(ids),

    async listUncounted(limit, after) {
      const isBehind = after !== undefined && { _id: trusted({ $gt: after }) };
      const found = await turns
        .find({ isUncounted: true, ...isBehind }, { _id: 1 })
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      return found.map(({ _id }) => _id);
    },

    async add({ team }, { spender, reservations = [], account, usage: used }) {
      const rows = addUp([{ team, account, usage: [used], ...(spender && { spender }) }]);
      await usage.bulkWrite(rows.map(toUpsert));
      // What was reserved was given back: nothing is left to settle it against.
      const spent = settlements(reservations.map(withoutTokens), tokensOf([used]));
      if (spent.length > 0) await budgets.bulkWrite(spent, { ordered: false });
    },

    async list({ team, user, agents }, { from, to, groupBy }, { limit, after }) {
      const found = await usage.aggregate<Group>([
        {
          $match: {
            team,
            day: { $gte: from, $lte: to },
            ...(user !== undefined && { user }),
            ...(agents && { agent: { $in: [...agents] } }),
          },
        },
        // A second stage: by days the first one names the same field.
        ...(after === undefined ? [] : [{ $match: { [groupBy]: { $gt: after } } }]),
        { $group: { _id: { $ifNull: [`$${groupBy}`, ''] }, ...sums } },
        { $sort: { _id: 1 } },
        { $limit: limit + 1 },
      ]);
      const items = found.slice(0, limit).map(({ _id: name, ...sum }) => ({ name, ...sum }));
      const last = items.at(-1);
      return found.length > limit && last ? { items, next: last.name } : { items };
    },
  };
}

function withoutTokens(reservation: Reservation): Reservation {
  return { ...reservation, tokens: 0 };
}
