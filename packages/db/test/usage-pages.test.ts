import { beforeAll, expect, test } from 'vitest';
import type { Scope } from '../src/index.ts';
import { createModels } from '../src/models.ts';
import type { UsageQuery } from '../src/usage/usage-records.ts';
import { createUsageStore } from '../src/usage/usage-store.ts';
import { newScope } from './examples.ts';
import { connectMongoose, startDatabase } from './start-database.ts';

/* Sums of users are read in bounded pages, for any number of users and rows. */

/** A small number, so that one user has more rows than a page may read. */
const ROWS_MAX = 5;
const scope = newScope();
const users: readonly (readonly [user: string | undefined, rows: number])[] = [
  [undefined, 7],
  ['ann', 3],
  ['ben', 3],
  ['cat', 12],
  ['dan', 5],
  ['eve', 1],
];

const db = await startDatabase('usage_pages');
const store = createUsageStore(createModels(await connectMongoose(db)), ROWS_MAX);
beforeAll(async () => {
  const rows = users.flatMap(([user, count]) =>
    Array.from({ length: count }, (_, day) => ({
      _id: `${user}/${day}`,
      team: scope.team,
      day: `2026-11-${String(day + 1).padStart(2, '0')}`,
      agent: 'agent_1',
      ...(user !== undefined && { user }),
      ...{ turns: 1, calls: 1, inputTokens: 10, outputTokens: 1 },
    })),
  );
  await db.raw.collection<{ _id: string }>('usage').insertMany(rows);
});

const query = { from: '2026-11-01', to: '2026-11-30', groupBy: 'user' } as const;

/** All users with their turns, page by page. */
async function walk(asked: UsageQuery, limit: number, of: Scope = scope) {
  const seen: (readonly [string, number])[] = [];
  for (let after: string | undefined; ; ) {
    const { items, next } = await store.list(of, asked, { limit, ...(after !== undefined && { after }) });
    expect(items.length).toBeLessThanOrEqual(limit);
    seen.push(...items.map(({ name, turns }) => [name, turns] as const));
    if (next === undefined) return seen;
    after = next;
  }
}

test.each([1, 2, 100])('pages of %i users hold every user once, with all that they used', async (limit) => {
  expect(await walk(query, limit)).toEqual(users.map(([user = '', rows]) => [user, rows]));
});

test('usage rows of other days, teams and users are not in the sums', async () => {
  const firstDay = { ...query, to: '2026-11-01' };
  expect(await walk(firstDay, 10)).toEqual(users.map(([user = '']) => [user, 1]));
  expect(await walk(query, 10, newScope())).toEqual([]);
  expect(await walk(query, 10, { ...scope, user: 'cat' })).toEqual([['cat', 12]]);
});
