import { expect, test } from 'vitest';
import { FailingItems } from './failing-items.ts';

function steppedClock() {
  let now = 0;
  const sleepers: { until: number; wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (ms: number) => new Promise<void>((wake) => sleepers.push({ until: now + ms, wake })),
    advance(ms: number) {
      now += ms;
      for (const { until, wake } of sleepers) if (until <= now) wake();
    },
  };
}

const fail = () => Promise.reject(new Error('it always fails'));

test('an item that fails is skipped, twice as long each time, up to the longest pause', async () => {
  const clock = steppedClock();
  const failing = new FailingItems<'a' | 'b'>(clock, { min: 100, max: 350 });
  for (const pause of [100, 200, 350, 350]) {
    await expect(failing.try('a', fail)).rejects.toThrow('it always fails');
    expect([failing.isSkipped('a'), failing.isSkipped('b'), failing.skipped]).toEqual([true, false, ['a']]);
    clock.advance(pause - 1);
    expect(failing.isSkipped('a')).toBe(true);
    clock.advance(1);
    expect([failing.isSkipped('a'), failing.skipped]).toEqual([false, []]);
  }
});

test('an item that succeeds is forgotten: its next failure is its first', async () => {
  const clock = steppedClock();
  const failing = new FailingItems<'a'>(clock, { min: 100, max: 1_000 });
  await failing.try('a', fail).catch(() => undefined);
  await failing.try('a', fail).catch(() => undefined);
  expect(await failing.try('a', async () => 'done')).toBe('done');
  await failing.try('a', fail).catch(() => undefined);
  clock.advance(100);
  expect(failing.isSkipped('a')).toBe(false);
});

test('no item is tried while as many as allowed are under way beyond their time', async () => {
  const clock = steppedClock();
  const failing = new FailingItems<string>(clock, {
    ...{ min: 100, max: 100 },
    work: { maxMs: 1_000, underWayMax: 2 },
  });
  const hangs = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  for (const [index, { promise }] of hangs.entries()) {
    expect(failing.isSkipped('new')).toBe(false);
    const tried = failing.try(`hanging-${index}`, () => promise);
    clock.advance(1_000);
    await expect(tried).rejects.toThrow('did not end within 1000 ms');
  }
  clock.advance(3_600_000);
  expect(failing.isSkipped('new')).toBe(true);
  hangs[0]?.resolve();
  await expect.poll(() => failing.isSkipped('new')).toBe(false);
  expect(failing.isSkipped('hanging-1')).toBe(true);
});

test('work that exceeds its time is abandoned, and its item is skipped while it continues', async () => {
  const clock = steppedClock();
  const failing = new FailingItems<'a'>(clock, {
    min: 100,
    max: 100,
    work: { maxMs: 1_000, underWayMax: 9 },
  });
  const work = Promise.withResolvers<void>();
  const tried = failing.try('a', () => work.promise);
  clock.advance(1_000);
  await expect(tried).rejects.toThrow('did not end within 1000 ms');
  clock.advance(1_000);
  expect(failing.isSkipped('a')).toBe(true);
  work.resolve();
  await expect.poll(() => failing.isSkipped('a')).toBe(false);
});
