import { limits, listUsageInputSchema, Refusal, usageListSchema, utcDay } from '@parley/contract';
import { z } from 'zod';
import { cursorKind } from '../cursor.ts';
import { procedure } from '../procedures.ts';
import { toUsageSum } from './to-usage-sum.ts';

const cursors = cursorKind('usage', z.string());

const DAY_MS = 24 * 60 * 60 * 1_000;
/** The last 30 days, today included. */
const DAYS_BEFORE = 29;

export const listUsage = procedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/usage',
      operationId: 'listUsage',
      tags: ['Usage'],
      summary: 'Sum up usage',
      description:
        'What was used from one day to another, summed up by day, agent, user, key or model. Each answer is counted ' +
        'once, within seconds of its end, on the day of its end. A key that is for some agents sees theirs.',
    },
    errors: ['secret_key_needed', 'invalid_cursor'],
  })
  .input(listUsageInputSchema)
  .output(usageListSchema)
  .query(async ({ ctx: { stores, scope }, input: { groupBy = 'day', limit, cursor, ...asked } }) => {
    const { from, to } = daysOf(asked);
    const query = { from, to, groupBy };
    const after = cursor === undefined ? undefined : cursors.decode(query, cursor);
    const { items, next } = await stores.usage.list(scope, query, {
      limit: limit ?? limits.usagePageMax,
      ...(after !== undefined && { after }),
    });
    return {
      usage: items.map((sum) => toUsageSum(groupBy, sum)),
      ...(next !== undefined && { nextCursor: cursors.encode(query, next) }),
    };
  });

/** @throws Refusal `invalid_input` when the days are in the wrong order, or too many */
function daysOf({ from, to }: { from?: string | undefined; to?: string | undefined }) {
  const last = to ?? utcDay(new Date());
  const first = from ?? utcDay(new Date(Date.parse(last) - DAYS_BEFORE * DAY_MS));
  const days = (Date.parse(last) - Date.parse(first)) / DAY_MS + 1;
  if (days < 1) throw invalid('from', 'must not be after `to`');
  if (days > limits.usageDaysMax)
    throw invalid('from', `must be at most ${limits.usageDaysMax - 1} days before \`to\``);
  return { from: first, to: last };
}

function invalid(path: string, message: string): Refusal {
  return new Refusal('invalid_input', { issues: [{ path, message }] });
}
