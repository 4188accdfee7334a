import { mintId } from '@parley/contract';
import type { RequestCount, RequestCountStore } from '@parley/db';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RateLimiter } from './rate-limiter.ts';

/** Sums as the database does. */
function countStore() {
  const sums = new Map<string, number>();
  const store: RequestCountStore = {
    add: async (counts) =>
      counts.map(({ key, minute, count }: RequestCount) => {
        const id = `${key}.${minute}`;
        sums.set(id, (sums.get(id) ?? 0) + count);
        return { key, minute, count: sums.get(id) ?? 0 };
      }),
  };
  return store;
}

const start = (counts: RequestCountStore, publishable = 5) =>
  new RateLimiter({ counts, limits: { publishable, secret: 0 }, log: () => undefined });

beforeEach(() => {
  vi.useFakeTimers({ now: 60_000 * 1_000 + 1 });
});
afterEach(() => {
  vi.useRealTimers();
});

test('a key may make its requests, and no more before the minute is over', () => {
  const limiter = start(countStore());
  const key = mintId('key');
  const verdicts = Array.from({ length: 7 }, () => limiter.take(key, 'publishable'));
  expect(verdicts.map((verdict) => verdict?.isAllowed)).toEqual([true, true, true, true, true, false, false]);
  expect(verdicts.map((verdict) => verdict?.remaining)).toEqual([4, 3, 2, 1, 0, 0, 0]);
  expect(verdicts[0]).toMatchObject({ limit: 5, resetAt: 60 * 1_001 });
  expect(limiter.take(mintId('key'), 'publishable')?.isAllowed).toBe(true);
  vi.setSystemTime(60_000 * 1_001);
  expect(limiter.take(key, 'publishable')).toMatchObject({ isAllowed: true, remaining: 4 });
});

test('a key without a limit is not counted', () => {
  expect(start(countStore()).take(mintId('key'), 'secret')).toBeUndefined();
});

test('what one process counts another one knows soon, and at the first request of a minute at once', async () => {
  const counts = countStore();
  const [one, other] = [start(counts), start(counts)];
  const key = mintId('key');
  for (let request = 0; request < 3; request++) one.take(key, 'publishable');
  await vi.advanceTimersByTimeAsync(1);
  expect(other.take(key, 'publishable')?.remaining).toBe(4);
  await vi.advanceTimersByTimeAsync(1);
  expect(other.take(key, 'publishable')?.remaining).toBe(0);
  expect(other.take(key, 'publishable')?.isAllowed).toBe(false);
  await vi.advanceTimersByTimeAsync(250);
  one.take(key, 'publishable');
  await vi.advanceTimersByTimeAsync(250);
  expect(one.take(key, 'publishable')?.isAllowed).toBe(false);
});

test('a database that is away keeps nobody out, and nobody’s own count is forgotten', async () => {
  let isAway = true;
  const counts = countStore();
  const limiter = start({
    add: async (some) => (isAway ? Promise.reject(new Error('away')) : counts.add(some)),
  });
  const key = mintId('key');
  for (let request = 0; request < 4; request++) limiter.take(key, 'publishable');
  await vi.advanceTimersByTimeAsync(1);
  expect(limiter.take(key, 'publishable')).toMatchObject({ isAllowed: true, remaining: 0 });
  expect(limiter.take(key, 'publishable')?.isAllowed).toBe(false);
  isAway = false;
  await limiter.close();
  const [sum] = await counts.add([{ key, minute: 1_000, count: 0 }]);
  expect(sum?.count).toBe(5);
});

test('nothing runs while nobody asks', async () => {
  const limiter = start(countStore());
  limiter.take(mintId('key'), 'publishable');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(vi.getTimerCount()).toBe(0);
});
