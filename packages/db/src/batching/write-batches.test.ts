import { ApiError, mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import { batchBounds, eventLoop } from './event-loop.ts';
import { createWriteBatches, type Ending, type WriteCommands } from './write-batches.ts';

const team = mintId('team');
const newEnding = (): Ending => ({
  team,
  id: mintId('turn'),
  token: 'mine',
  end: { status: 'stopped', textBytes: 0 },
});
const ended = ({ id }: Ending) =>
  ({ id, team, status: 'stopped', token: 'mine', hasSuccessor: false }) as const;

/** Ends turns in one batch, with commands that the test answers. */
function endTogether(endings: readonly Ending[], commands: Partial<WriteCommands>) {
  const unused = () => Promise.reject(new Error('not expected'));
  const all = { insertOne: unused, insertMany: unused, endOne: unused, endMany: unused, findTurns: unused };
  const batches = createWriteBatches({ ...all, ...commands }, batchBounds, eventLoop);
  return Promise.allSettled(endings.map((ending) => batches.end(ending)));
}

test('a missing turn may have ended before it was removed if its batch ended some turns', async () => {
  const [kept, removed] = [newEnding(), newEnding()];
  const results = await endTogether([kept, removed], {
    endMany: async () => ({ ended: 1, errors: new Map() }),
    findTurns: async () => [ended(kept)],
  });
  expect(results).toMatchObject([
    { status: 'fulfilled', value: { result: 'ended' } },
    { status: 'fulfilled', value: { result: 'deleted', endUnknown: true } },
  ]);
});

test('a missing turn was removed before its end if its batch ended no turn', async () => {
  const results = await endTogether([newEnding(), newEnding()], {
    endMany: async () => ({ ended: 0, errors: new Map() }),
    findTurns: async () => [],
  });
  const deleted = { status: 'fulfilled', value: { result: 'deleted' } };
  expect(results).toEqual([deleted, deleted]);
});

test('the turns of a batch that cannot be sent are ended one by one, and one that cannot be sent fails alone', async () => {
  const [good, bad] = [newEnding(), newEnding()];
  const error = new Error('cannot be encoded');
  const results = await endTogether([good, bad], {
    endMany: () => Promise.reject(error),
    findTurns: async () => [good, bad].map((ending) => ({ ...ended(ending), status: 'generating' })),
    endOne: async (ending) => {
      if (ending === bad) throw error;
      return { result: 'ended', hasSuccessor: true };
    },
  });
  expect(results).toEqual([
    { status: 'fulfilled', value: { result: 'ended', hasSuccessor: true } },
    { status: 'rejected', reason: error },
  ]);
});

test('an end that is in a batch twice is sent once, and both callers learn its outcome', async () => {
  const ending = newEnding();
  let commands = 0;
  const results = await endTogether([ending, { ...ending }], {
    endMany: async () => ({ ended: 0, errors: new Map() }),
    findTurns: async () => [{ ...ended(ending), status: 'generating', hasSuccessor: true }],
    endOne: async () => (++commands === 1 ? { result: 'ended', hasSuccessor: true } : { result: 'deleted' }),
  });
  const value = { result: 'ended', hasSuccessor: true };
  expect(results).toEqual([
    { status: 'fulfilled', value },
    { status: 'fulfilled', value },
  ]);
});

test('the end of every turn is unknown if the database does not acknowledge their batch', async () => {
  const unreachable = new ApiError('database_unavailable');
  const results = await endTogether([newEnding(), newEnding()], {
    endMany: () => Promise.reject(unreachable),
  });
  expect(results).toEqual([
    { status: 'rejected', reason: unreachable },
    { status: 'rejected', reason: unreachable },
  ]);
});

test('an end that the server rejected by name fails alone', async () => {
  const [good, rejected] = [newEnding(), newEnding()];
  const error = new Error('document too large');
  const results = await endTogether([good, rejected], {
    endMany: async () => ({ ended: 1, errors: new Map([[1, error]]) }),
    findTurns: async () => [ended(good), { ...ended(rejected), status: 'generating' }],
  });
  expect(results).toMatchObject([{ value: { result: 'ended' } }, { status: 'rejected', reason: error }]);
});
