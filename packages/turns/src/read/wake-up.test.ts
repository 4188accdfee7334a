import { expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { WakeUp } from './wake-up.ts';

/** Whether a promise has settled by the next turn of the event loop. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await new Promise(setImmediate);
  return settled;
}

test('a waiter is woken once for each wake-up', async () => {
  const wake = new WakeUp();
  const first = wake.wait(systemClock);
  expect(await isSettled(first)).toBe(false);
  wake.set();
  expect(await isSettled(first)).toBe(true);
  expect(await isSettled(wake.wait(systemClock))).toBe(false);
});

test('wake-ups that arrive while nobody waits count as one and wake the next waiter', async () => {
  const wake = new WakeUp();
  wake.set();
  wake.set();
  expect(await isSettled(wake.wait(systemClock, 3_600_000))).toBe(true);
  expect(await isSettled(wake.wait(systemClock))).toBe(false);
});

test('a waiter with a time limit wakes at the limit, or earlier when it is woken', async () => {
  const wake = new WakeUp();
  await wake.wait(systemClock, 1);
  const long = wake.wait(systemClock, 3_600_000);
  expect(await isSettled(long)).toBe(false);
  wake.set();
  expect(await isSettled(long)).toBe(true);
});
