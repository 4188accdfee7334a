import { ApiError, type Id, mintId } from '@parley/contract';
import type { BudgetStore } from '@parley/db';
import { openTestDatabase } from '@parley/db/testing';
import type {} from '@parley/embedded/testing';
import fc from 'fast-check';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { PrefetchedBudgets } from '../src/prefetched-budgets.ts';

/* Prefetched budgets exceed no budget, are used or given back, and save turns their write. */

const DAY = '2026-11-25';
const LARGE = 10_000_000;

const db = await openTestDatabase(inject('mongoUri'), 'advances');
afterAll(() => db.drop());

/** A team, and processes that use its budget. */
function startTeam() {
  const team = mintId('team');
  return {
    team,
    spent: () => spentOf(team, DAY),
    startProcess: () => startProcess(team),
  };
}

async function spentOf(team: Id<'team'>, day: string): Promise<number> {
  const found = await db.raw.collection('budgets').findOne({ _id: `${team}/${day}` as never });
  return found?.['spent'] ?? 0;
}

function startProcess(team: Id<'team'>) {
  let now = 0;
  const asked: string[] = [];
  const answers: Promise<boolean>[] = [];
  let isAway = false;
  let gate = Promise.resolve();
  const budgets: BudgetStore = {
    reserve(...call) {
      asked.push('reserve');
      if (isAway) return Promise.reject(new ApiError('database_unavailable'));
      const answer = db.stores.budgets.reserve(...call);
      answers.push(answer);
      return answer;
    },
    async giveBack(...call) {
      asked.push('giveBack');
      await gate;
      await db.stores.budgets.giveBack(...call);
    },
  };
  const prefetched = new PrefetchedBudgets({
    store: { budgets },
    clock: { now: () => now },
    log: () => undefined,
  });
  return {
    prefetched,
    advance: (ms: number) => {
      now += ms;
    },
    reserve: (tokens: number, max: number, day = DAY) =>
      prefetched.reserve({ team }, { subject: team, day, tokens }, max),
    /** The calls of the store since the last check. */
    asked: () => asked.splice(0),
    /** Resolves when the process has received its advance. */
    answered: async () => {
      await Promise.all(answers);
      await new Promise(setImmediate);
    },
    /** Gives nothing back until the promise resolves. */
    giveBackAfter: (promise: Promise<void>) => {
      gate = promise;
    },
    disconnect: () => {
      isAway = true;
    },
  };
}

/** A process whose first turn was accepted, and which has an advance. */
async function startWithAdvance(max = LARGE) {
  const { startProcess: start, spent } = startTeam();
  const process = start();
  expect(await process.reserve(1_000, max)).toBe(true);
  await process.answered();
  expect(await spent()).toBeGreaterThan(1_000);
  process.asked();
  return { ...process, spent };
}

describe('turns within a large budget', () => {
  test('ask nobody, while an advance lasts', async () => {
    const { reserve, asked, spent, prefetched } = await startWithAdvance();
    for (let turn = 0; turn < 20; turn++) expect(await reserve(1_000, LARGE)).toBe(true);
    expect(asked()).toEqual([]);
    await prefetched.close();
    expect(await spent()).toBe(21_000);
  });

  test('have a new advance before the old one is spent', async () => {
    const { reserve, asked, prefetched, spent } = await startWithAdvance();
    const half = Math.floor(LARGE / 64 / 2_000) + 1;
    for (let turn = 0; turn < half; turn++) await reserve(1_000, LARGE);
    expect(asked()).toEqual(['reserve']);
    await prefetched.close();
    expect(await spent()).toBe((half + 1) * 1_000);
  });

  test('ask for themselves where one needs more than there is in hand', async () => {
    const { reserve, asked } = await startWithAdvance();
    expect(await reserve(200_000, LARGE)).toBe(true);
    expect(asked()).toEqual(['reserve']);
  });
});

test('of a small budget nothing is taken in advance', async () => {
  const { startProcess: start, spent } = startTeam();
  const { reserve, asked } = start();
  for (let turn = 0; turn < 3; turn++) expect(await reserve(1_000, 100_000)).toBe(true);
  expect(asked()).toEqual(['reserve', 'reserve', 'reserve']);
  expect(await spent()).toBe(3_000);
});

test('nothing is taken in advance of what is nearly spent, and it is not asked for again and again', async () => {
  const { startProcess: start, spent, team } = startTeam();
  await db.stores.budgets.reserve({ team }, { subject: team, day: DAY, tokens: LARGE * 0.9 }, LARGE);
  const { reserve, asked } = start();
  for (let turn = 0; turn < 3; turn++) expect(await reserve(1_000, LARGE)).toBe(true);
  expect(asked().sort()).toEqual(['reserve', 'reserve', 'reserve', 'reserve']);
  expect(await spent()).toBe(LARGE * 0.9 + 3_000);
});

describe('what is in hand is given back', () => {
  test('when nobody spends from it', async () => {
    const { advance, prefetched, spent, asked, reserve } = await startWithAdvance();
    advance(29_999);
    await prefetched.giveBackIdle();
    expect(asked()).toEqual([]);
    advance(1);
    await prefetched.giveBackIdle();
    expect(await spent()).toBe(1_000);
    // The next turn is accepted like the first one.
    expect(await reserve(1_000, LARGE)).toBe(true);
  });

  test('when the budget is changed, before anything is asked of the smaller one', async () => {
    const { reserve, prefetched, spent, asked, giveBackAfter } = await startWithAdvance();
    const { promise, resolve } = Promise.withResolvers<void>();
    giveBackAfter(promise);
    const answers = [reserve(1_000, 100_000), reserve(1_000, 100_000)];
    await new Promise(setImmediate);
    expect(asked()).toEqual(['giveBack']);
    resolve();
    expect(await Promise.all(answers)).toEqual([true, true]);
    expect(await spent()).toBe(3_000);
    await prefetched.close();
    expect(await spent()).toBe(3_000);
  });

  test('before the process has ended, when the budget was changed just before', async () => {
    const { reserve, prefetched, spent, giveBackAfter } = await startWithAdvance();
    const { promise, resolve } = Promise.withResolvers<void>();
    giveBackAfter(promise);
    const reserving = reserve(1_000, 400_000);
    const closing = prefetched.close().then(() => 'closed');
    expect(await Promise.race([closing, new Promise(setImmediate)])).not.toBe('closed');
    resolve();
    await closing;
    expect(await reserving).toBe(true);
    expect(await spent()).toBe(2_000);
  });

  test('when the day is over, and to that day', async () => {
    const { team, spent, startProcess: start } = startTeam();
    const { reserve, prefetched } = start();
    await reserve(1_000, LARGE);
    await expect.poll(spent).toBeGreaterThan(1_000);
    expect(await reserve(500, LARGE, '2026-11-26')).toBe(true);
    await expect.poll(spent).toBe(1_000);
    await prefetched.close();
    expect(await spentOf(team, '2026-11-26')).toBe(500);
  });

  test('when the process ends, also what it was about to take', async () => {
    const { startProcess: start, spent } = startTeam();
    const { reserve, prefetched } = start();
    await reserve(1_000, LARGE);
    await prefetched.close();
    expect(await spent()).toBe(1_000);
    expect(await reserve(1_000, LARGE)).toBe(true);
    await prefetched.close();
    expect(await spent()).toBe(2_000);
  });
});

test('a turn during the shutdown uses the prefetched tokens, and nothing more is prefetched', async () => {
  const { reserve, prefetched, spent } = await startWithAdvance();
  const closing = prefetched.close();
  // It leaves less than half of the advance, which normally causes another prefetch.
  const late = reserve(100_000, LARGE);
  await Promise.all([closing, late]);
  expect(await spent()).toBe(101_000);
});

test('while the database is unreachable, turns use the prefetched tokens and then fail', async () => {
  const { reserve, disconnect } = await startWithAdvance();
  disconnect();
  const prefetchedTurns = Math.floor(LARGE / 64 / 1_000);
  for (let turn = 0; turn < prefetchedTurns; turn++) expect(await reserve(1_000, LARGE)).toBe(true);
  const failure = await reserve(1_000, LARGE).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'database_unavailable' });
});

test('any concurrent requests of processes exceed a budget by one turn at most, and the sums are right', async () => {
  const turn = fc.record({
    process: fc.nat({ max: 2 }),
    tokens: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 2_000 })),
    /** It waits for the earlier ones. */
    waits: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(turn, { minLength: 1, maxLength: 80 }),
      fc.integer({ min: 1, max: 40_000 }),
      async (turns, max) => {
        const { startProcess: start, spent } = startTeam();
        const processes = [start(), start(), start()];
        let granted = 0;
        let most = 0;
        let pending: Promise<void>[] = [];
        for (const { process, tokens, waits } of turns) {
          if (waits) await Promise.all(pending.splice(0));
          const asking = processes[process]?.reserve(tokens, max).then((isTaken) => {
            if (!isTaken) return;
            granted += tokens;
            most = Math.max(most, tokens);
          });
          if (asking) pending = [...pending, asking];
        }
        await Promise.all(pending);
        expect(granted).toBeLessThan(max + most);
        await Promise.all(processes.map(({ prefetched }) => prefetched.close()));
        expect(await spent()).toBe(granted);
      },
    ),
    { numRuns: 60 },
  );
});
