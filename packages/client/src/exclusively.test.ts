import { afterEach, expect, test, vi } from 'vitest';
import { exclusively } from './exclusively.ts';

/** Work that records how many pieces run at once. */
function workload() {
  let running = 0;
  let most = 0;
  const order: number[] = [];
  const work = (index: number) => async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
    order.push(index);
    return index;
  };
  return { work, order, most: () => most };
}

function memoryStorage(): Storage {
  const items = new Map<string, string>();
  return {
    get length() {
      return items.size;
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => void items.set(name, value),
    removeItem: (name) => void items.delete(name),
    clear: () => items.clear(),
  };
}

afterEach(() => vi.unstubAllGlobals());

const withoutLocks = (storage: Storage) => {
  vi.stubGlobal('navigator', {});
  vi.stubGlobal('localStorage', storage);
};

test('runs one piece of work at a time where the Web Locks API exists', async () => {
  const { work, most } = workload();
  const results = await Promise.all([1, 2, 3].map((index) => exclusively('a', work(index))));
  expect([results, most()]).toEqual([[1, 2, 3], 1]);
});

test('runs one piece of work at a time where only localStorage exists, and leaves nothing in it', async () => {
  const storage = memoryStorage();
  withoutLocks(storage);
  const { work, most, order } = workload();
  await Promise.all([1, 2, 3].map((index) => exclusively('a', work(index))));
  expect([order.toSorted(), most(), storage.length]).toEqual([[1, 2, 3], 1, 0]);
});

test('takes over the lock of a tab that was closed while it held the lock', async () => {
  const storage = memoryStorage();
  withoutLocks(storage);
  storage.setItem('a', `gone|${Date.now() - 1}`);
  expect(await exclusively('a', async () => 'done')).toBe('done');
});

test('lets the next one in after work that failed', async () => {
  withoutLocks(memoryStorage());
  await expect(exclusively('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await exclusively('a', async () => 'done')).toBe('done');
});

test('runs the work if the storage rejects writes', async () => {
  const full = {
    ...memoryStorage(),
    setItem: () => {
      throw new Error('full');
    },
  };
  withoutLocks(full as Storage);
  expect(await exclusively('a', async () => 'done')).toBe('done');
});
