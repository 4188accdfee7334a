import { limits } from '@parley/contract';
import { expect, test } from 'vitest';
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
    throw new Error('away');
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
