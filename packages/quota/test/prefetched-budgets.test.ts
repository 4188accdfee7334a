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

const db = await openTestDatabase(inject('mongoUri'), 'prefetched');
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
  const calls: string[] = [];
  const answers: Promise<boolean>[] = [];
  let isUnreachable = false;
  let gate = Promise.resolve();
  const budgets: BudgetStore = {
    reserve(...call) {
      calls.push('reserve');
      if (isUnreachable) return Promise.reject(new ApiError('database_unavailable'));
      const answer = db.stores.budgets.reserve(...call);
      answers.push(answer);
      return answer;
    },
    async giveBack(...call) {
      calls.push('giveBack');
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
    takeCalls: () => calls.splice(0),
    /** Resolves when the process has prefetched its share. */
    answered: async () => {
      await Promise.all(answers);
      await new Promise(setImmediate);
    },
    /** Gives nothing back until the promise resolves. */
    giveBackAfter: (promise: Promise<void>) => {
      gate = promise;
    },
    disconnect: () => {
      isUnreachable = true;
    },
  };
}

/** A process whose first turn was accepted, and which has prefetched its share. */
async function startPrefetched(max = LARGE) {
  const { startProcess: start, spent } = startTeam();
  const process = start();
  expect(await process.reserve(1_000, max)).toBe(true);
  await process.answered();
  expect(await spent()).toBeGreaterThan(1_000);
  process.takeCalls();
  return { ...process, spent };
}

describe('turns within a large budget', () => {
  test('turns within a large budget need no database command while prefetched tokens remain', async () => {
    const { reserve, takeCalls, spent, prefetched } = await startPrefetched();
    for (let turn = 0; turn < 20; turn++) expect(await reserve(1_000, LARGE)).toBe(true);
    expect(takeCalls()).toEqual([]);
    await prefetched.close();
    expect(await spent()).toBe(21_000);
  });

  test('turns within a large budget cause the next prefetch before the last one is used up', async () => {
    const { reserve, takeCalls, prefetched, spent } = await startPrefetched();
    const half = Math.floor(LARGE / 64 / 2_000) + 1;
    for (let turn = 0; turn < half; turn++) await reserve(1_000, LARGE);
    expect(takeCalls()).toEqual(['reserve']);
    await prefetched.close();
    expect(await spent()).toBe((half + 1) * 1_000);
  });

  test('a turn that needs more than the prefetched tokens reserves its own', async () => {
    const { reserve, takeCalls } = await startPrefetched();
    expect(await reserve(200_000, LARGE)).toBe(true);
    expect(takeCalls()).toEqual(['reserve']);
  });
});

test('a small budget is not prefetched', async () => {
  const { startProcess: start, spent } = startTeam();
  const { reserve, takeCalls } = start();
  for (let turn = 0; turn < 3; turn++) expect(await reserve(1_000, 100_000)).toBe(true);
  expect(takeCalls()).toEqual(['reserve', 'reserve', 'reserve']);
  expect(await spent()).toBe(3_000);
});

test('a budget that is nearly used up is not prefetched, and prefetching pauses after a failed attempt', async () => {
  const { startProcess: start, spent, team } = startTeam();
  await db.stores.budgets.reserve({ team }, { subject: team, day: DAY, tokens: LARGE * 0.9 }, LARGE);
  const { reserve, takeCalls } = start();
  for (let turn = 0; turn < 3; turn++) expect(await reserve(1_000, LARGE)).toBe(true);
  expect(takeCalls().sort()).toEqual(['reserve', 'reserve', 'reserve', 'reserve']);
  expect(await spent()).toBe(LARGE * 0.9 + 3_000);
});

describe('unused prefetched tokens', () => {
  test('unused prefetched tokens are given back after half a minute without turns', async () => {
    const { advance, prefetched, spent, takeCalls, reserve } = await startPrefetched();
    advance(29_999);
    await prefetched.giveBackIdle();
    expect(takeCalls()).toEqual([]);
    advance(1);
    await prefetched.giveBackIdle();
    expect(await spent()).toBe(1_000);
    // The next turn is accepted like the first one.
    expect(await reserve(1_000, LARGE)).toBe(true);
  });

  test('unused prefetched tokens are given back before a turn reserves from a reduced budget', async () => {
    const { reserve, prefetched, spent, takeCalls, giveBackAfter } = await startPrefetched();
    const { promise, resolve } = Promise.withResolvers<void>();
    giveBackAfter(promise);
    const answers = [reserve(1_000, 100_000), reserve(1_000, 100_000)];
    await new Promise(setImmediate);
    expect(takeCalls()).toEqual(['giveBack']);
    resolve();
    expect(await Promise.all(answers)).toEqual([true, true]);
    expect(await spent()).toBe(3_000);
    await prefetched.close();
    expect(await spent()).toBe(3_000);
  });

  test('unused prefetched tokens of a changed budget are given back before the process ends', async () => {
    const { reserve, prefetched, spent, giveBackAfter } = await startPrefetched();
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

  test('unused prefetched tokens are given back to their day when it is over', async () => {
    const { team, spent, startProcess: start } = startTeam();
    const { reserve, prefetched } = start();
    await reserve(1_000, LARGE);
    await expect.poll(spent).toBeGreaterThan(1_000);
    expect(await reserve(500, LARGE, '2026-11-26')).toBe(true);
    await expect.poll(spent).toBe(1_000);
    await prefetched.close();
    expect(await spentOf(team, '2026-11-26')).toBe(500);
  });

  test('unused prefetched tokens are given back when the process ends, also those of a running prefetch', async () => {
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
  const { reserve, prefetched, spent } = await startPrefetched();
  const closing = prefetched.close();
  // It leaves less than half of the prefetched tokens, which normally causes another prefetch.
  const late = reserve(100_000, LARGE);
  await Promise.all([closing, late]);
  expect(await spent()).toBe(101_000);
});

test('turns use the prefetched tokens while the database is unreachable, and then fail', async () => {
  const { reserve, disconnect } = await startPrefetched();
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
