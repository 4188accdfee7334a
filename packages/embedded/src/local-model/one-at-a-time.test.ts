import { expect, test } from 'vitest';
import { oneAtATime } from './one-at-a-time.ts';

const patient = new AbortController().signal;

test('callers enter in the order of arrival, each after the one before has left', async () => {
  const enter = oneAtATime(2);
  const seen: string[] = [];
  const leaveFirst = await enter(patient);
  const second = enter(patient).then((leave) => {
    seen.push('second');
    return leave;
  });
  const third = enter(patient).then(() => seen.push('third'));
  expect(seen).toEqual([]);
  leaveFirst?.();
  (await second)?.();
  await third;
  expect(seen).toEqual(['second', 'third']);
});

test('a caller is rejected while too many are waiting', async () => {
  const enter = oneAtATime(1);
  const leave = await enter(patient);
  const waiting = enter(patient);
  expect(await enter(patient)).toBeUndefined();
  leave?.();
  const leaveSecond = await waiting;
  const waitingAgain = enter(patient);
  leaveSecond?.();
  expect(await waitingAgain).toBeTypeOf('function');
});

test('a caller that stops waiting makes room and does not enter', async () => {
  const enter = oneAtATime(1);
  const leave = await enter(patient);
  const impatient = new AbortController();
  const waiting = enter(impatient.signal);
  impatient.abort(new Error('disconnected'));
  await expect(waiting).rejects.toThrow('disconnected');
  const next = enter(patient);
  leave?.();
  expect(await next).toBeTypeOf('function');
});

test('leaving twice admits only one caller', async () => {
  const enter = oneAtATime(2);
  const leave = await enter(patient);
  const second = enter(patient);
  let thirdIsIn = false;
  const third = enter(patient).then(() => {
    thirdIsIn = true;
  });
  leave?.();
  leave?.();
  const leaveSecond = await second;
  // By then, every admitted caller has been notified.
  await new Promise(setImmediate);
  expect(thirdIsIn).toBe(false);
  leaveSecond?.();
  await third;
});
