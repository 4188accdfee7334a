import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '@parley/contract';
import { describe, expect, test, vi } from 'vitest';
import { createFoundCache } from './found-cache.ts';

test('every look-up gets its value when there are more at once than the cache holds', async () => {
  const lookUp = createFoundCache<{ index: number }>();
  const gate = Promise.withResolvers<void>();
  const count = limits.cacheEntriesMax + 10;
  const all = Array.from({ length: count }, (_, index) =>
    lookUp(`name-${index}`, async () => {
      await gate.promise;
      return index % 2 ? { index } : undefined;
    }),
  );
  gate.resolve();
  expect(await Promise.all(all)).toEqual(
    Array.from({ length: count }, (_, index) => (index % 2 ? { index } : undefined)),
  );
});

test('parallel look-ups of one name share one query and its failure, and the next one queries again', async () => {
  const lookUp = createFoundCache<object>();
  let queries = 0;
  const fail = async () => {
    queries++;
    throw new Error('unreachable');
  };
  const tries = [lookUp('name', fail), lookUp('name', fail)];
  expect((await Promise.allSettled(tries)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(queries).toBe(1);
  expect(await lookUp('name', async () => ({ found: true }))).toEqual({ found: true });
  expect(await lookUp('name', fail)).toEqual({ found: true });
});

test('a value that is forgotten during its read reaches the reader and is not cached', async () => {
  const lookUp = createFoundCache<{ version: number }>();
  const gate = Promise.withResolvers<void>();
  const old = lookUp('name', async () => {
    await gate.promise;
    return { version: 1 };
  });
  lookUp.forget('name');
  const fresh = lookUp('name', async () => ({ version: 2 }));
  gate.resolve();
  expect(await Promise.all([old, fresh])).toEqual([{ version: 1 }, { version: 2 }]);
  expect(await lookUp('name', async () => ({ version: 3 }))).toEqual({ version: 2 });
});

describe('a slow read', () => {
  /** The clock of the cache, which the test moves. */
  function startClock() {
    let now = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    return {
      async pass(ms: number) {
        now += ms;
        // The cache reads the clock at most once a millisecond.
        await delay(5);
      },
    };
  }

  /** A read that ends when the test says so. */
  function startSlowRead(lookUp: ReturnType<typeof createFoundCache<{ version: number }>>) {
    const gate = Promise.withResolvers<void>();
    const value = lookUp('name', async () => {
      await gate.promise;
      return { version: 1 };
    });
    return { value, end: () => gate.resolve() };
  }

  test('a value is cached from the start of its read, so that a slow read makes no look-up get an older one', async () => {
    const clock = startClock();
    const lookUp = createFoundCache<{ version: number }>();
    const slow = startSlowRead(lookUp);
    await clock.pass(limits.cacheMs - 1);
    slow.end();
    expect(await slow.value).toEqual({ version: 1 });
    expect(await lookUp('name', async () => ({ version: 2 }))).toEqual({ version: 1 });
    await clock.pass(2);
    expect(await lookUp('name', async () => ({ version: 2 }))).toEqual({ version: 2 });
  });

  test('a look-up does not join a read that began a second ago, and that read replaces no newer value', async () => {
    const clock = startClock();
    const lookUp = createFoundCache<{ version: number }>();
    const slow = startSlowRead(lookUp);
    await clock.pass(1_000);
    expect(await lookUp('name', async () => ({ version: 2 }))).toEqual({ version: 2 });
    slow.end();
    expect(await slow.value).toEqual({ version: 1 });
    expect(await lookUp('name', async () => ({ version: 3 }))).toEqual({ version: 2 });
  });
});
