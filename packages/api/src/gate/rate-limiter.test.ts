import { mintId } from '@parley/contract';
import type { RequestCount, RequestCountStore } from '@parley/db';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RateLimiter, type RateSubject } from './rate-limiter.ts';

/** Sums as the database does. */
function countStore() {
  const sums = new Map<string, number>();
  const store: RequestCountStore = {
    add: async (counts) =>
      counts.map(({ subject, minute, count }: RequestCount) => {
        const id = `${subject}.${minute}`;
        sums.set(id, (sums.get(id) ?? 0) + count);
        return { subject, minute, count: sums.get(id) ?? 0 };
      }),
  };
  return store;
}

const start = (counts: RequestCountStore) => new RateLimiter({ counts, log: () => undefined });
const newKey = (limit = 5): RateSubject[] => [{ of: 'key', name: mintId('key'), limit, isShared: true }];

beforeEach(() => {
  vi.useFakeTimers({ now: 60_000 * 1_000 + 1 });
});
afterEach(() => {
  vi.useRealTimers();
});

test('a key can send the requests of its limit, and no more before the minute ends', () => {
  const limiter = start(countStore());
  const key = newKey();
  const verdicts = Array.from({ length: 7 }, () => limiter.take(key));
  expect(verdicts.map((verdict) => verdict?.isAllowed)).toEqual([true, true, true, true, true, false, false]);
  expect(verdicts.map((verdict) => verdict?.remaining)).toEqual([4, 3, 2, 1, 0, 0, 0]);
  expect(verdicts[0]).toMatchObject({ limit: 5, resetAt: 60 * 1_001 });
  expect(limiter.take(newKey())?.isAllowed).toBe(true);
  vi.setSystemTime(60_000 * 1_001);
  expect(limiter.take(key)).toMatchObject({ isAllowed: true, remaining: 4 });
});

test('a key without a limit is not counted', () => {
  expect(start(countStore()).take(newKey(0))).toBeUndefined();
});

test('another process knows the count soon, and at the first request of a minute at once', async () => {
  const counts = countStore();
  const [one, other] = [start(counts), start(counts)];
  const key = newKey();
  for (let request = 0; request < 3; request++) one.take(key);
  await vi.advanceTimersByTimeAsync(1);
  expect(other.take(key)?.remaining).toBe(4);
  await vi.advanceTimersByTimeAsync(1);
  expect(other.take(key)?.remaining).toBe(0);
  expect(other.take(key)?.isAllowed).toBe(false);
  await vi.advanceTimersByTimeAsync(250);
  one.take(key);
  await vi.advanceTimersByTimeAsync(250);
  expect(one.take(key)?.isAllowed).toBe(false);
});

test('requests are allowed while the database is unreachable, and their counts are shared later', async () => {
  let isUnreachable = true;
  const counts = countStore();
  const limiter = start({
    add: async (some) => (isUnreachable ? Promise.reject(new Error('unreachable')) : counts.add(some)),
  });
  const key = newKey();
  for (let request = 0; request < 4; request++) limiter.take(key);
  await vi.advanceTimersByTimeAsync(1);
  expect(limiter.take(key)).toMatchObject({ isAllowed: true, remaining: 0 });
  expect(limiter.take(key)?.isAllowed).toBe(false);
  isUnreachable = false;
  await limiter.close();
  const [sum] = await counts.add([{ subject: key[0]?.name ?? '', minute: 1_000, count: 0 }]);
  expect(sum?.count).toBe(5);
});

test('nothing runs in the background without requests', async () => {
  const limiter = start(countStore());
  limiter.take(newKey());
  await vi.advanceTimersByTimeAsync(1_000);
  expect(vi.getTimerCount()).toBe(0);
});

const newUser = (limit: number): RateSubject => ({
  of: 'user',
  name: `user:${mintId('guest')}`,
  limit,
  isShared: false,
});

test('a request counts for each of its subjects, and a rejected request counts for none', () => {
  const limiter = start(countStore());
  const [user, other] = [newUser(2), newUser(2)];
  const [key] = newKey(3);
  if (!key) throw new Error('no key');
  expect(limiter.take([key, user])).toMatchObject({ limit: 2, remaining: 1, isAllowed: true });
  expect(limiter.take([key, user])).toMatchObject({ limit: 2, remaining: 0, isAllowed: true });
  expect(limiter.take([key, user])).toMatchObject({ limit: 2, remaining: 0, isAllowed: false });
  // Rejected requests did not count for the key.
  expect(limiter.take([key, other])).toMatchObject({ limit: 3, remaining: 0, isAllowed: true });
  expect(limiter.take([key, other])).toMatchObject({ limit: 3, isAllowed: false });
});

test('a batch counts as many requests as it has calls, and is allowed as a whole or not at all', () => {
  const limiter = start(countStore());
  const key = newKey(10);
  expect(limiter.take(key, 8)).toMatchObject({ remaining: 2, isAllowed: true });
  expect(limiter.take(key, 8)).toMatchObject({ remaining: 2, isAllowed: false });
  expect(limiter.take(key, 2)).toMatchObject({ remaining: 0, isAllowed: true });
});

test('a batch with more calls than a limit is rejected, and uses nothing of a larger limit', () => {
  const limiter = start(countStore());
  const key = newKey(100);
  const user = newUser(10);
  expect(limiter.take([...key, user], 11)).toMatchObject({
    of: 'user',
    limit: 10,
    calls: 11,
    isAllowed: false,
  });
  expect(limiter.take(key)?.remaining).toBe(99);
});

test('the count of a user is shared once it is more than an eighth of the limit', async () => {
  const counts = countStore();
  const asked: RequestCount[] = [];
  const watched: RequestCountStore = {
    add: (some) => {
      asked.push(...some);
      return counts.add(some);
    },
  };
  const [one, other] = [start(watched), start(counts)];
  const user = [newUser(80)];
  for (let request = 0; request < 9; request++) one.take(user);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toEqual([]);
  for (let request = 0; request < 11; request++) one.take(user);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked.reduce((sum, { count }) => sum + count, 0)).toBe(20);
  for (let request = 0; request < 10; request++) other.take(user);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(other.take(user)?.remaining).toBe(80 - 31);
});

test('the counts of more than a hundred thousand addresses are not all kept', () => {
  const limiter = start(countStore());
  const address = (index: number): RateSubject[] => [
    { of: 'address', name: `address:${index}`, limit: 2, isShared: false },
  ];
  limiter.take(address(0));
  for (let index = 1; index <= 100_000; index++) limiter.take(address(index));
  // The oldest count was removed, so it starts again at zero.
  expect(limiter.take(address(0))?.remaining).toBe(1);
  expect(limiter.take(address(100_000))?.remaining).toBe(0);
});
