import { ApiError, limits, mintId } from '@parley/contract';
import { TurnScheduler } from '@parley/turns';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Caller } from '../caller.ts';
import { LargeLists, largeListBounds } from './large-lists.ts';
import { outputWithList } from './output-with-list.ts';
import { readLargeList } from './read-large-list.ts';

const itemSchema = z.object({ id: z.int(), text: z.string() });
type Item = z.infer<typeof itemSchema>;

const MIB = 1024 * 1024;

function itemsOf(count: number, bytes: number): Item[] {
  return Array.from({ length: count }, (_, id) => ({ id, text: 'x'.repeat(bytes) }));
}

/** A stored list whose positions are the items' ids. */
function stored(items: readonly Item[], asked: number[] = []) {
  return {
    read: async (limit: number, after: number | undefined) => {
      asked.push(limit);
      const from = after === undefined ? 0 : after + 1;
      const page = items.slice(from, from + limit);
      const last = page.at(-1);
      return last && from + limit < items.length ? { items: page, next: last.id } : { items: page };
    },
    limit: 10_000,
    after: undefined as number | undefined,
    toItem: (item: Item) => item,
  };
}

const server: Caller = {
  key: mintId('key'),
  familyId: mintId('key'),
  issuers: [],
  kind: 'secret',
  scope: { team: mintId('team') },
  as: { role: 'team' },
  limits: { budgets: [] },
};

const request = () => {
  const controller = new AbortController();
  const taken: { list: readonly unknown[]; texts: readonly string[] }[] = [];
  return {
    controller,
    taken,
    context: {
      caller: server,
      request: {
        client: () => undefined,
        disconnect: () => controller.signal,
        claimLargeList: () => undefined,
        onLargeList: (list: readonly unknown[], texts: readonly string[]) => void taken.push({ list, texts }),
      },
      services: { largeLists: new LargeLists(new TurnScheduler({ ...largeListBounds, waiting: 1 })) },
    },
  };
};

test('reads a small list without a place and leaves its serialisation to the host', async () => {
  const { context, taken } = request();
  const items = itemsOf(120, 10);
  expect(await readLargeList(context, stored(items))).toEqual({ items });
  expect(taken).toEqual([]);
});

test('gives the host the JSON of each item of a large list', async () => {
  const { context, taken } = request();
  const items = itemsOf(3_000, 1_000);
  const page = await readLargeList(context, stored(items));
  expect(page).toEqual({ items });
  expect(taken).toHaveLength(1);
  expect(taken[0]?.list).toBe(page.items);
  expect(JSON.parse(`[${taken[0]?.texts.join()}]`)).toEqual(items);
});

test('a list is read in pages of about 256 KiB for items of any size', async () => {
  for (const bytes of [10, 1_000, 100_000]) {
    const asked: number[] = [];
    const { context } = request();
    await readLargeList(context, { ...stored(itemsOf(1_000, bytes), asked), limit: 1_000 });
    expect(Math.max(...asked) * bytes).toBeLessThanOrEqual(Math.max(256 * 1024, 100 * bytes));
  }
});

test('a list ends with a cursor before its answer has more than 16 MiB, and continues without a gap', async () => {
  const items = itemsOf(40, MIB);
  const list = { ...stored(items), positionOf: ({ id }: Item) => id };
  const seen: Item[] = [];
  let after: number | undefined;
  do {
    const page = await readLargeList(request().context, { ...list, after });
    expect(page.items.length).toBeGreaterThan(0);
    expect(JSON.stringify(page.items).length).toBeLessThanOrEqual(limits.largeAnswerBytesMax);
    seen.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  expect(seen).toEqual(items);
});

test('returns an item that is larger than the maximum by itself, so that the list can continue', async () => {
  const items = itemsOf(2, 17 * MIB);
  const page = await readLargeList(request().context, { ...stored(items), positionOf: ({ id }: Item) => id });
  expect(page.items.map(({ id }) => id)).toEqual([0]);
  expect(page.next).toBe(0);
});

test('returns a list without cursors completely', async () => {
  const items = itemsOf(20, MIB);
  const page = await readLargeList(request().context, stored(items));
  expect(page.items).toHaveLength(20);
  expect(page.next).toBeUndefined();
});

test('lets the event loop do other work between the slices', async () => {
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  const slow = (item: Item) => {
    const until = performance.now() + 1;
    while (performance.now() < until);
    return item;
  };
  // All items come at once: only the reader itself can yield between them.
  const items = itemsOf(50, 10);
  setImmediate(count);
  await readLargeList(request().context, { ...stored(items), toItem: slow });
  isDone = true;
  expect(turns).toBeGreaterThanOrEqual(5);
});

test('reads as many large lists at a time as there are places; the next ones wait, and further ones are rejected', async () => {
  const { context } = request();
  const list = stored(itemsOf(300, 20_000));
  const hold = () => {
    const isStarted = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const page = readLargeList(context, {
      ...list,
      read: async (limit, after) => {
        if (after !== undefined) {
          isStarted.resolve();
          await gate.promise;
        }
        return list.read(limit, after);
      },
    });
    return { page, isStarted: isStarted.promise, letGo: () => gate.resolve() };
  };
  const [first, second] = [hold(), hold()];
  await Promise.all([first.isStarted, second.isStarted]);
  const third = hold();
  let hasThirdStarted = false;
  void third.isStarted.then(() => {
    hasThirdStarted = true;
  });
  await expect.poll(() => context.services.largeLists.waiting).toBe(1);
  await expect(hold().page).rejects.toEqual(new ApiError('overloaded'));
  expect(hasThirdStarted).toBe(false);
  first.letGo();
  await third.isStarted;
  for (const one of [second, third]) one.letGo();
  const pages = await Promise.all([first, second, third].map(({ page }) => page));
  expect(pages.map(({ items }) => items.length)).toEqual([300, 300, 300]);
});

test('a client that disconnects gives up its place, whether it waits or its list is being read', async () => {
  const { context, controller } = request();
  const list = stored(itemsOf(300, 20_000));
  const isReading = Promise.withResolvers<void>();
  const reading = readLargeList(context, {
    ...list,
    read: async (limit, after) => {
      if (after !== undefined) {
        isReading.resolve();
        await new Promise(() => undefined);
      }
      return list.read(limit, after);
    },
  });
  await isReading.promise;
  const reason = new Error('disconnected');
  controller.abort(reason);
  await expect(reading).rejects.toBe(reason);
  const next = request();
  const page = await readLargeList({ ...next.context, services: context.services }, list);
  expect(page.items).toHaveLength(300);
});

test('the list of an output is not checked when it was read as a large list, and is when it was not', async () => {
  const schema = outputWithList(
    z.object({ items: z.array(itemSchema), more: z.string().optional() }),
    'items',
  );
  const { items } = await readLargeList(request().context, stored(itemsOf(3, 10)));
  const output = await schema.parseAsync({ items, more: 'more', unknown: 1 });
  expect(output).toEqual({ items, more: 'more' });
  expect(output.items).toBe(items);
  await expect(schema.parseAsync({ items, more: 1 })).rejects.toThrow();
  await expect(schema.parseAsync({ items: [{ id: 'x' }] })).rejects.toThrow();
  expect((await schema.parseAsync({ items: [{ id: 1, text: 'x', more: 1 }] })).items).toEqual([
    { id: 1, text: 'x' },
  ]);
});
