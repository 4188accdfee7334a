import { compact } from '@parley/contract';
import type { Reservation } from '../budget/budget-port.ts';
import { settlements } from '../budget/reservations.ts';
import { filterOf, greaterThan } from '../mapping/filter-of.ts';
import type { Models } from '../models.ts';
import type { Scope } from '../scope.ts';
import { addUp, createTurnCounter, tokensOf, toUpsert } from './count-turns.ts';
import { createVersionSums } from './sum-versions.ts';
import type { UsageStore } from './usage-port.ts';
import { sums, within } from './usage-query.ts';
import type { UsageQuery, UsageSum } from './usage-records.ts';

/** The field of the group always exists: a text, which is empty for turns without a value. */
interface Group extends Omit<UsageSum, 'name'> {
  readonly _id: string;
}

/** The rows that a page of users is summed from: some tens of rows for each user of a full page. */
const ROWS_MAX = 50_000;

const uncountedFields = { team: 1, chat: 1, sequence: 1, endedAt: 1 } as const;

type Page = Parameters<UsageStore['list']>[2];
type UsagePage = Awaited<ReturnType<UsageStore['list']>>;

/** Creates the store of usage. `rowsMax` is the number of rows that one page of users sums up; set it only in tests. */
export function createUsageStore(models: Models, rowsMax = ROWS_MAX): UsageStore {
  const { turns, usage, budgets } = models;
  const counter = createTurnCounter(models);
  const sumVersions = createVersionSums(models);
  return {
    count: (ids) => counter.count(ids),

    async listUncounted(limit, after) {
      const found = await turns
        .find(filterOf({ isUncounted: true as const }, { _id: greaterThan(after) }), uncountedFields)
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      return found.map(({ _id: id, team, chat, sequence, endedAt = new Date() }) => ({
        ...{ id, team, chat, sequence, endedAt },
      }));
    },

    async add({ team }, { spender, reservations = [], account, usage: used }) {
      const rows = addUp([compact({ team, account, usage: [...used], spender })]);
      await usage.bulkWrite(rows.map(toUpsert));
      // The reservations were given back, so the whole usage is added.
      const spent = settlements(reservations.map(withoutTokens), tokensOf(used));
      if (spent.length > 0) await budgets.bulkWrite(spent, { ordered: false });
    },

    async list(scope, query, page) {
      if (query.groupBy === 'user') return listUsers(scope, query, page);
      if (query.groupBy === 'agentVersion') return pageOf(await sumVersions(scope, query, page), page.limit);
      const { groupBy } = query;
      const { limit, after } = page;
      const found = await usage.aggregate<Group>([
        { $match: within(scope, query) },
        // A separate stage, because a query by days already names the field in the first one.
        ...(after === undefined ? [] : [{ $match: { [groupBy]: { $gt: after } } }]),
        { $group: { _id: { $ifNull: [`$${groupBy}`, ''] }, ...sums } },
        { $sort: { _id: 1 } },
        { $limit: limit + 1 },
      ]);
      return pageOf(found.map(toSum), limit);
    },
  };

  /**
   * There may be millions of users, while days, agents, keys and models are few: a page reads no more than
   * `rowsMax` rows, in the order of the index. The last user of that many may have more rows, and begins the next page.
   */
  async function listUsers(scope: Scope, query: UsageQuery, { limit, after }: Page): Promise<UsagePage> {
    const found = await usage.aggregate<Group & { readonly rows: number }>([
      { $match: within(scope, query) },
      ...(after === undefined ? [] : [{ $match: { user: { $gt: after } } }]),
      { $sort: { user: 1 } },
      { $limit: rowsMax },
      { $group: { _id: { $ifNull: ['$user', ''] }, ...sums, rows: { $sum: 1 } } },
      { $sort: { _id: 1 } },
      { $limit: limit + 1 },
    ]);
    const rows = found.reduce((sum, group) => sum + group.rows, 0);
    const last = found.at(-1);
    if (rows < rowsMax || !last) return pageOf(found.map(toSum), limit);
    if (found.length > 1) return pageOf(found.map(toSum), found.length - 1);
    // One user has more rows than a page reads: that user is summed alone.
    const [whole] = await usage.aggregate<Group>([
      { $match: within(scope, query) },
      { $match: { user: last._id === '' ? { $exists: false } : last._id } },
      { $group: { _id: { $ifNull: ['$user', ''] }, ...sums } },
    ]);
    return { items: [toSum(whole ?? last)], next: last._id };
  }
}

function toSum({ _id: name, turns, calls, inputTokens, outputTokens }: Group): UsageSum {
  return { name, turns, calls, inputTokens, outputTokens };
}

function pageOf(sums: readonly UsageSum[], limit: number): UsagePage {
  const items = sums.slice(0, limit);
  const last = items.at(-1);
  return sums.length > limit && last ? { items, next: last.name } : { items };
}

function withoutTokens(reservation: Reservation): Reservation {
  return { ...reservation, tokens: 0 };
}
