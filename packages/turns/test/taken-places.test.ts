import { scripts } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { ConflictBackoff } from '../src/accept/conflict-backoff.ts';
import { type Clock, systemClock } from '../src/index.ts';
import { eventually, startHarness, turnsOf } from './harness.ts';

/*
 * Another turn takes each sequence number first, and no read returns that turn. The loops of `acceptTurn` and
 * `retryTurn` pause between their attempts, and give up.
 */

const harness = await startHarness('taken_places');

/** `ConflictBackoff` repeats the first attempt once without a pause, and then after each of 18 pauses. */
const GIVES_UP = { attempts: 20, pauses: 18 };
/** A loop without `ConflictBackoff` would never end. */
const ATTEMPTS_MAX = 100;

function startReplica() {
  const counts = { attempts: 0, pauses: 0 };
  const pausesMs: number[] = [];
  const clock: Clock = {
    ...systemClock,
    random: () => 0.5,
    // Only the pauses between two attempts have no signal here.
    async sleep(ms, signal) {
      if (signal) return systemClock.sleep(ms, signal);
      counts.pauses++;
      pausesMs.push(ms);
    },
  };
  const { turns, tap } = harness.startReplica({ clock });
  const takeEachPlace = () => {
    counts.pauses = 0;
    pausesMs.length = 0;
    tap.intercept('turns.insert', async () => {
      if (++counts.attempts > ATTEMPTS_MAX) throw new Error('the attempts never end');
      return 'sequence-taken';
    });
  };
  /** The next three attempts find their place taken, and the fourth gets it. */
  const takeThreePlaces = () => {
    let left = 3;
    pausesMs.length = 0;
    tap.intercept('turns.insert', async (proceed) => (left-- > 0 ? 'sequence-taken' : proceed()));
  };
  return { turns, counts, pausesMs, takeEachPlace, takeThreePlaces };
}

/** The pauses of `ConflictBackoff` itself after three conflicts, with the random values of `startReplica`. */
async function pausesAfterThreeConflicts(): Promise<number[]> {
  const pausesMs: number[] = [];
  const backoff = new ConflictBackoff({ random: () => 0.5, sleep: async (ms) => void pausesMs.push(ms) });
  for (let conflict = 0; conflict < 3; conflict++) await backoff.pause();
  return pausesMs;
}

test('a message whose place is taken three times pauses as `ConflictBackoff` says, and is answered', async () => {
  const { turns, pausesMs, takeThreePlaces } = startReplica();
  const chat = await harness.newChat();
  takeThreePlaces();
  const { outcome } = await turns.send(harness.scope, { chat, content: 'x' });
  expect(outcome.kind).toBe('answered');
  expect(pausesMs).toEqual(await pausesAfterThreeConflicts());
  expect(pausesMs).toHaveLength(2);
});

test('a retry whose place is taken three times pauses as `ConflictBackoff` says, and is answered', async () => {
  const { turns, pausesMs, takeThreePlaces } = startReplica();
  const chat = await harness.newChat();
  harness.model.reply(scripts.status(401));
  const { accepted } = await turns.send(harness.scope, { chat, content: 'fails' });
  takeThreePlaces();
  const retry = { chat, answerId: accepted.answerId, idempotency: undefined };
  const { answerId } = await turns.retry(harness.scope, retry);
  expect(pausesMs).toEqual(await pausesAfterThreeConflicts());
  expect(pausesMs).toHaveLength(2);
  await eventually(async () => (await turnsOf(harness, chat)).at(-1)).toMatchObject({
    status: 'completed',
    answerId,
  });
});

test('a message whose place is always taken is rejected after 20 attempts with pauses, and stores nothing', async () => {
  const { turns, counts, takeEachPlace } = startReplica();
  const chat = await harness.newChat();
  takeEachPlace();
  await expect(turns.send(harness.scope, { chat, content: 'x' })).rejects.toMatchObject({
    code: 'database_unavailable',
  });
  expect(counts).toEqual(GIVES_UP);
  expect(await turnsOf(harness, chat)).toEqual([]);
});

test('a retry whose place is always taken is rejected after 20 attempts with pauses, and stores nothing', async () => {
  const { turns, counts, takeEachPlace } = startReplica();
  const chat = await harness.newChat();
  harness.model.reply(scripts.status(401));
  const { accepted, outcome } = await turns.send(harness.scope, { chat, content: 'fails' });
  expect(outcome.kind).toBe('failed');
  takeEachPlace();
  const retry = { chat, answerId: accepted.answerId, idempotency: undefined };
  await expect(turns.retry(harness.scope, retry)).rejects.toMatchObject({ code: 'database_unavailable' });
  expect(counts).toEqual(GIVES_UP);
  expect(await turnsOf(harness, chat)).toHaveLength(1);
});
