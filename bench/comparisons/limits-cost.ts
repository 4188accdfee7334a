import type { Lab, ServerSubject } from '../lab/lab.ts';
import { databases } from '../lab/open-mongo.ts';
import type { Comparison } from './comparison.ts';
import { streamedTurn, withoutAndWith } from './stream-message.ts';

const WITHOUT = { RATE_LIMIT_SECRET: '0', RATE_LIMIT_PUBLISHABLE: '0', CONCURRENT_TURNS: '0' };
/** So high that nothing is rejected, and so low that each is looked at as one that might be. */
const WITH = { RATE_LIMIT_SECRET: '1000000', RATE_LIMIT_PUBLISHABLE: '1000000', CONCURRENT_TURNS: '400' };
const BUDGETS = { tokensPerDay: 1_000_000_000_000, tokensPerDayPerUser: 1_000_000_000_000 };

/** Two servers made for it: one has no limits; the other counts requests and turns, and keeps the team's budget. */
export const limitsCost: Comparison = {
  title:
    'Limits: a streamed turn without any, and with limits of requests, of turns at a time and with a budget',
  ...streamedTurn,
  concurrencies: [50],
  async sides(lab) {
    const without = await lab.startServer('withoutLimits', [], WITHOUT);
    const withLimits = await lab.startServer('withLimits', [], WITH);
    await setBudgets(withLimits);
    return withoutAndWith(without, withLimits);
  },
  async verify({ mongo: { client } }: Lab) {
    const budgets = (database: string) => client.db(database).collection('budgets').countDocuments();
    const [without, withLimits] = [
      await budgets(databases.withoutLimits),
      await budgets(databases.withLimits),
    ];
    if (without === 0 && withLimits > 0) return;
    throw new Error(`The server without limits keeps ${without} budgets, the other one ${withLimits}.`);
  },
};

async function setBudgets({ target: { url, key } }: ServerSubject): Promise<void> {
  const response = await fetch(`${url}/team`, {
    method: 'PATCH',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify(BUDGETS),
  });
  if (!response.ok) throw new Error(`The budgets could not be set: ${await response.text()}`);
}
