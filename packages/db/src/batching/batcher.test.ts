import { setImmediate as turnOfEventLoop } from 'node:timers/promises';
import { ApiError } from '@parley/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BatchBounds, type BatchClock, Batcher, type Outcome } from './batcher.ts';

const bounds: BatchBounds = { countMax: 3, bytesMax: 10, deadlineMs: 100, closeMs: 10, waitMaxMs: 150 };
const unreachable = new ApiError('database_unavailable');

interface Item {
  readonly name: number;
  readonly bytes: number;
}

interface Sent {
  readonly items: readonly Item[];
  readonly signal: AbortSignal;
  answer(outcomes: readonly Outcome<string>[]): void;
  fail(error: unknown): void;
}

/** A clock that the test moves. */
class FakeClock implements BatchClock {
  #now = 0;
  #timers: { readonly due: number; readonly action: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  defer(action: () => void): void {
    void this.after(0, action);
  }

  after(ms: number, action: () => void) {
    const timer = { due: this.#now + ms, action };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Lets `ms` pass, and lets all possible promises settle. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await turnOfEventLoop();
      const [next] = this.#timers.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
      if (!next) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = next.due;
      next.action();
    }
    this.#now = end;
  }
}

/** A batcher whose commands the test answers. */
function openBatcher(changed: Partial<BatchBounds> = {}) {
  const clock = new FakeClock();
  const sent: Sent[] = [];
  const batcher = new Batcher<Item, string>(
    {
      send(items, signal) {
        const { promise, resolve, reject } = Promise.withResolvers<readonly Outcome<string>[]>();
        sent.push({ items, signal, answer: resolve, fail: reject });
        return promise;
      },
      sizeOf: ({ bytes }) => bytes,
    },
    { ...bounds, ...changed },
    clock,
  );
  let names = 0;
  const add = (bytes = 1) => {
    const added = batcher.add({ name: names++, bytes });
    added.catch(() => undefined);
    return added;
  };
  const at = (index: number): Sent => {
    const found = sent[index];
    if (!found) throw new Error(`only ${sent.length} commands were sent`);
    return found;
  };
  return { clock, sent, add, at, namesOf: () => sent.map(({ items }) => items.map(({ name }) => name)) };
}

const done = ({ items }: Sent) => items.map(({ name }) => ({ result: `done ${name}` }));

test('an item that arrives alone is sent alone, with no timer', async () => {
  const { clock, add, at, namesOf } = openBatcher();
  const added = add();
  await clock.pass(0);
  expect(namesOf()).toEqual([[0]]);
  at(0).answer(done(at(0)));
  expect(await added).toBe('done 0');
});

test('items that arrive while a command is in flight travel together in the next', async () => {
  const { clock, add, at, namesOf } = openBatcher();
  const first = add();
  await clock.pass(1);
  const others = [add(), add()];
  await clock.pass(1);
  expect(namesOf()).toEqual([[0]]);
  at(0).answer(done(at(0)));
  await clock.pass(0);
  expect(namesOf()).toEqual([[0], [1, 2]]);
  at(1).answer(done(at(1)));
  expect(await Promise.all([first, ...others])).toEqual(['done 0', 'done 1', 'done 2']);
});

test('items of one turn of the event loop travel together, within the bounds of count and bytes', async () => {
  const { clock, add, at, namesOf } = openBatcher();
  for (const bytes of [1, 1, 1, 1, 8, 2, 99, 1]) void add(bytes);
  for (let index = 0; index < 5; index++) {
    await clock.pass(0);
    at(index).answer(done(at(index)));
  }
  await clock.pass(0);
  expect(namesOf()).toEqual([[0, 1, 2], [3, 4], [5], [6], [7]]);
});

test('each item gets its own outcome, an error too', async () => {
  const { clock, add, at } = openBatcher();
  const error = new Error('only this one');
  const added = [add(), add(), add()];
  await clock.pass(0);
  at(0).answer([{ result: 'a' }, { error }, { result: 'c' }]);
  expect(await Promise.allSettled(added)).toEqual([
    { status: 'fulfilled', value: 'a' },
    { status: 'rejected', reason: error },
    { status: 'fulfilled', value: 'c' },
  ]);
});

test('every outcome is unknown after the deadline, and the connection of the command is closed', async () => {
  const { clock, add, at } = openBatcher();
  const added = [add(), add()];
  await clock.pass(bounds.deadlineMs - 1);
  expect(at(0).signal.aborted).toBe(false);
  await clock.pass(1);
  expect(at(0).signal.aborted).toBe(true);
  for (const one of added) await expect(one).rejects.toMatchObject({ code: 'database_unavailable' });
});

test('no command is sent beside a command past its deadline, until it settles', async () => {
  const { clock, add, at, namesOf } = openBatcher({ closeMs: 1_000, waitMaxMs: 5_000 });
  void add();
  await clock.pass(bounds.deadlineMs - 10);
  const next = add();
  await clock.pass(20);
  expect(namesOf()).toEqual([[0]]);
  at(0).fail(new Error('the connection closed'));
  await clock.pass(0);
  expect(namesOf()).toEqual([[0], [1]]);
  at(1).answer(done(at(1)));
  expect(await next).toBe('done 1');
});

test('a command that never settles does not block the next ones after its connection had time to close', async () => {
  const { clock, add, at, namesOf } = openBatcher();
  void add();
  await clock.pass(bounds.deadlineMs - 10);
  const next = add();
  await clock.pass(10 + bounds.closeMs);
  expect(namesOf()).toEqual([[0], [1]]);
  // The late answer of the first command reaches no caller.
  at(0).answer([{ result: 'late' }]);
  await clock.pass(0);
  at(1).answer(done(at(1)));
  expect(await next).toBe('done 1');
});

test('an item whose caller was answered meanwhile is dropped before it is sent', async () => {
  const { clock, add, at, namesOf } = openBatcher({ deadlineMs: 1_000 });
  void add();
  await clock.pass(1);
  const late = add();
  await clock.pass(bounds.waitMaxMs);
  const next = add();
  at(0).answer(done(at(0)));
  await clock.pass(0);
  expect(namesOf()).toEqual([[0], [2]]);
  await expect(late).rejects.toMatchObject({ code: 'database_unavailable' });
  at(1).answer(done(at(1)));
  expect(await next).toBe('done 2');
});

test('an error that means an unreachable database is the outcome of every item, and nothing is sent again', async () => {
  const { clock, add, at, namesOf } = openBatcher();
  const added = [add(), add()];
  await clock.pass(0);
  at(0).fail(unreachable);
  await clock.pass(0);
  expect(await Promise.allSettled(added)).toEqual([
    { status: 'rejected', reason: unreachable },
    { status: 'rejected', reason: unreachable },
  ]);
  expect(namesOf()).toEqual([[0, 1]]);
});

test('an item that cannot be sent fails alone: the others of its batch are sent one by one', async () => {
  const { clock, add, at, namesOf } = openBatcher();
  const added = [add(), add(), add()];
  await clock.pass(0);
  const error = new Error('a document is too large');
  at(0).fail(error);
  await clock.pass(0);
  expect(namesOf()).toEqual([[0, 1, 2], [0], [1], [2]]);
  at(1).answer(done(at(1)));
  at(2).fail(error);
  at(3).answer(done(at(3)));
  expect(await Promise.allSettled(added)).toEqual([
    { status: 'fulfilled', value: 'done 0' },
    { status: 'rejected', reason: error },
    { status: 'fulfilled', value: 'done 2' },
  ]);
});

/** An event of a batcher: an item arrives, time passes, or the oldest command in flight settles. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), bytes: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 60 }) }),
  fc.record({
    kind: fc.constantFrom('answer' as const, 'answer' as const, 'unreachable' as const, 'bug' as const),
  }),
);

test('commands stay within their limits and every item gets its own outcome once, for every order of events', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { clock, sent, add } = openBatcher();
      const open = () => sent.filter((command) => !settled.has(command));
      const settled = new Set<Sent>();
      const results: Promise<unknown>[] = [];
      const settleOldest = (kind: 'answer' | 'unreachable' | 'bug') => {
        const [oldest] = open();
        if (!oldest) return;
        settled.add(oldest);
        if (kind === 'answer') oldest.answer(done(oldest));
        else oldest.fail(kind === 'unreachable' ? unreachable : new Error('a bug'));
      };
      const checkBounds = () => {
        const alive = open().filter(({ signal }) => !signal.aborted);
        // Items of a batch that could not be sent are sent one by one, at the same time.
        if (alive.length > 1 && alive.some(({ items }) => items.length > 1))
          throw new Error('two are in flight');
        for (const { items } of sent) {
          const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
          if (items.length > bounds.countMax) throw new Error(`a command of ${items.length} items`);
          if (items.length > 1 && bytes > bounds.bytesMax) throw new Error(`a command of ${bytes} bytes`);
        }
      };
      for (const one of steps) {
        if (one.kind === 'add') {
          const name = results.length;
          results.push(
            add(one.bytes).then(
              (result) => expect(result).toBe(`done ${name}`),
              (error: unknown) => expect(error).toBeInstanceOf(Error),
            ),
          );
        } else if (one.kind === 'pass') await clock.pass(one.ms);
        else settleOldest(one.kind);
        checkBounds();
      }
      // No pending command exceeds its deadline.
      await clock.pass(results.length * (bounds.deadlineMs + bounds.closeMs));
      await Promise.all(results);
      checkBounds();
      const order = sent.filter(({ items }) => items.length > 1).map(({ items }) => items[0]?.name ?? 0);
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    }),
    { numRuns: 300 },
  );
});
