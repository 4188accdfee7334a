import type { BudgetStore, Reservation, UsageGroup, UsageRecord, UsageStore, UsageSum } from '@parley/db';
import type { Connection } from './connection.ts';
import type { SimulatedDatabase, TurnDocument, UsageDocument } from './simulated-database.ts';

/** Counts usage as the real store does. A transaction is atomic. */
export function createSimulatedUsage(connection: Connection): UsageStore {
  return {
    count: (ids) =>
      connection.write((database) =>
        database.inTransaction(() => {
          let counted = 0;
          for (const id of ids) {
            const turn = database.newest.turns.get(id);
            if (!turn?.isUncounted) continue;
            count(database, turn);
            const { reservations: _settled, ...record } = turn.record;
            database.put('turns', id, { ...turn, record, isUncounted: false });
            counted++;
          }
          return counted;
        }),
      ),

    listUncounted: (limit, after) =>
      connection.read((view) =>
        [...view.turns.values()]
          .filter(({ isUncounted }) => isUncounted)
          .map(({ record: { id, team, chat, sequence, createdAt } }) => ({
            ...{ id, team, chat, sequence, endedAt: createdAt },
          }))
          .filter(({ id }) => after === undefined || id > after)
          .sort((a, b) => (a.id < b.id ? -1 : 1))
          .slice(0, limit),
      ),

    add: ({ team }, { turn, spender, reservations = [], account, usage }) =>
      connection.write((database) => {
        put(database, { team, turn, key: spender?.key, account, usage: [...usage] });
        const spent = reservations.map((reservation) => ({ ...reservation, tokens: 0 }));
        settle(database, spent, tokensOf(usage));
      }),

    list: ({ team, agents }, { from, to, groupBy }, { limit, after }) =>
      connection.read((view) => {
        const sums = new Map<string, UsageSum>();
        for (const document of view.usage.values()) {
          const { account, usage } = document;
          if (document.team !== team || account.day < from || account.day > to) continue;
          if (agents && !agents.includes(account.agent)) continue;
          for (const [index, part] of (usage.length === 0 ? [undefined] : usage).entries()) {
            const name = nameOf(document, part, groupBy);
            const sum = sums.get(name) ?? { name, turns: 0, calls: 0, inputTokens: 0, outputTokens: 0 };
            sums.set(name, {
              name,
              turns: sum.turns + (index >= usage.length - 1 ? 1 : 0),
              calls: sum.calls + (part?.calls ?? 0),
              inputTokens: sum.inputTokens + (part?.inputTokens ?? 0),
              outputTokens: sum.outputTokens + (part?.outputTokens ?? 0),
            });
          }
        }
        const rest = [...sums.values()]
          .filter(({ name }) => after === undefined || name > after)
          .sort((a, b) => (a.name < b.name ? -1 : 1));
        const items = rest.slice(0, limit);
        const last = items.at(-1);
        return rest.length > limit && last ? { items, next: last.name } : { items };
      }),
  };
}

export function createSimulatedBudgets(connection: Connection): BudgetStore {
  return {
    reserve: (_scope, reservation, tokensPerDay) =>
      connection.write((database) => {
        const spent = database.newest.budgets.get(budgetId(reservation))?.spent ?? 0;
        if (spent >= tokensPerDay) return false;
        database.put('budgets', budgetId(reservation), { spent: spent + reservation.tokens });
        return true;
      }),

    giveBack: (_scope, reservations) => connection.write((database) => settle(database, reservations, 0)),
  };
}

/** Whether a turn has to be counted, or its reservation settled, before it is removed. */
export function isOpen({ isUncounted, record }: TurnDocument): boolean {
  return isUncounted || record.reservations !== undefined;
}

/** Adds the usage of a turn and settles its reservations. The caller marks the turn as counted. */
export function count(database: SimulatedDatabase, { record, account, usage }: TurnDocument): void {
  const { team, id: turn, spender, reservations = [] } = record;
  if (account) put(database, { team, turn, key: spender?.key, account, usage });
  settle(database, reservations, tokensOf(usage));
}

/** Replaces a reservation with the usage. */
export function settle(
  database: SimulatedDatabase,
  reservations: readonly Reservation[],
  used: number,
): void {
  for (const reservation of reservations) {
    const budget = database.newest.budgets.get(budgetId(reservation));
    if (budget) {
      const spent = budget.spent + used - reservation.tokens;
      database.put('budgets', budgetId(reservation), { spent });
    }
  }
}

function put(database: SimulatedDatabase, document: UsageDocument): void {
  database.put('usage', `${database.newest.usage.size} ${document.turn}`, document);
}

function budgetId({ subject, day }: Reservation): string {
  return `${subject}/${day}`;
}

function tokensOf(usage: readonly UsageRecord[]): number {
  return usage.reduce((sum, { inputTokens = 0, outputTokens = 0 }) => sum + inputTokens + outputTokens, 0);
}

function nameOf({ account, key }: UsageDocument, used: UsageRecord | undefined, groupBy: UsageGroup): string {
  // Nothing sums by the version of an agent in a simulation.
  const names = {
    ...account,
    agentVersion: '',
    user: account.user ?? '',
    key: key ?? '',
    model: used?.model ?? '',
  };
  return names[groupBy];
}
