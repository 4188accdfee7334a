import { scripts } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../src/index.ts';
import { startHarness, turnsOf } from './harness.ts';

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
  const clock: Clock = {
    ...systemClock,
    // Only the pauses between two attempts have no signal here.
    async sleep(ms, signal) {
      if (signal) return systemClock.sleep(ms, signal);
      counts.pauses++;
    },
  };
  const { turns, tap } = harness.startReplica({ clock });
  const takeEachPlace = () => {
    counts.pauses = 0;
    tap.intercept('turns.insert', async () => {
      if (++counts.attempts > ATTEMPTS_MAX) throw new Error('the attempts never end');
      return 'sequence-taken';
    });
  };
  return { turns, counts, takeEachPlace };
}

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
