import { type Id, mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import { OpenTurns } from './open-turns.ts';

const MAX = 4;

function start() {
  const open = new OpenTurns({ now: () => 0 });
  /** The turns in the database. */
  const stored = new Set<Id<'turn'>>();
  /** Does what the acceptance of a turn does: counts, checks, inserts at some later time, and settles it. */
  const accept = async (request?: string): Promise<Id<'turn'> | undefined> => {
    const turn = mintId('turn');
    open.add({ turn, request: request ?? turn }, ['ann']);
    const hasRoom = await open.hasRoom(turn, 'ann', MAX, async () => stored.size);
    if (!hasRoom) {
      open.withdraw(turn);
      return undefined;
    }
    await new Promise(setImmediate);
    stored.add(turn);
    open.settle(turn);
    return turn;
  };
  const end = (turn: Id<'turn'>) => {
    stored.delete(turn);
    open.delete(turn);
  };
  return { open, stored, accept, end };
}

test('exactly four of twenty parallel messages of a user who may have four are accepted', async () => {
  const { accept } = start();
  const accepted = await Promise.all(Array.from({ length: 20 }, () => accept()));
  expect(accepted.filter((turn) => turn !== undefined)).toHaveLength(MAX);
});

test('exactly as many parallel messages as a user may have are all accepted', async () => {
  const { accept } = start();
  const accepted = await Promise.all(Array.from({ length: MAX }, () => accept()));
  expect(accepted.filter((turn) => turn !== undefined)).toHaveLength(MAX);
});

test('a turn that ends before its acceptance is settled is not counted afterwards', async () => {
  const { open, accept } = start();
  for (let index = 0; index < MAX; index++) {
    const turn = mintId('turn');
    open.add({ turn, request: turn }, ['ann']);
    open.delete(turn);
    open.settle(turn);
  }
  let queries = 0;
  const turn = mintId('turn');
  open.add({ turn, request: turn }, ['ann']);
  await open.hasRoom(turn, 'ann', MAX, async () => ++queries);
  expect(queries).toBe(0);
  open.withdraw(turn);
  expect(await accept()).toBeDefined();
});

test('parallel repeats of one request count as one turn', async () => {
  const { open, accept, end } = start();
  const [first] = await Promise.all([accept('same')]);
  const repeats = Array.from({ length: 20 }, () => mintId('turn'));
  for (const turn of repeats) {
    open.add({ turn, request: 'again' }, ['ann']);
    expect(await open.hasRoom(turn, 'ann', 2, async () => 1)).toBe(true);
  }
  for (const turn of repeats.slice(1)) open.withdraw(turn);
  // The remaining turn counts, and its end is recognized by its own id.
  open.delete(repeats[0] ?? mintId('turn'));
  if (first) end(first);
  let queries = 0;
  const turn = mintId('turn');
  open.add({ turn, request: turn }, ['ann']);
  await open.hasRoom(turn, 'ann', 2, async () => ++queries);
  expect(queries).toBe(0);
});

test('further turns of a user at the limit are rejected without a query, until one of theirs ends in this process', async () => {
  const { open, stored, accept, end } = start();
  const accepted = await Promise.all(Array.from({ length: MAX }, () => accept()));
  expect(await accept()).toBeUndefined();
  let queries = 0;
  const countStored = async () => {
    queries++;
    return stored.size;
  };
  const turn = mintId('turn');
  open.add({ turn, request: turn }, ['ann']);
  expect(await open.hasRoom(turn, 'ann', MAX, countStored)).toBe(false);
  open.withdraw(turn);
  expect([open.isFull('ann', MAX), open.isFull('ann', MAX + 1), queries]).toEqual([true, false, 0]);

  if (accepted[0]) end(accepted[0]);
  expect(open.isFull('ann', MAX)).toBe(false);
  expect(await accept()).toBeDefined();
});

test('a count that was under way when a turn ended does not make its user full', async () => {
  const { open, accept, end, stored } = start();
  const accepted = await Promise.all(Array.from({ length: MAX }, () => accept()));
  const turn = mintId('turn');
  open.add({ turn, request: turn }, ['ann']);
  const room = open.hasRoom(turn, 'ann', MAX, async () => {
    const count = stored.size;
    if (accepted[0]) end(accepted[0]);
    return count;
  });
  expect(await room).toBe(false);
  open.withdraw(turn);
  expect(open.isFull('ann', MAX)).toBe(false);
  expect(await accept()).toBeDefined();
});
