import { beforeEach, expect, test } from 'vitest';
import { TestClock } from '../../test/test-clock.ts';
import { FIRST_DURATION_MS } from './intervals.ts';
import { RunDurations } from './run-durations.ts';

let clock: TestClock;
let durations: RunDurations;
beforeEach(() => {
  clock = new TestClock();
  durations = new RunDurations(clock);
});

/** Turns of this duration end, one after another, until the average no longer depends on earlier ones. */
function endTurnsOf(ms: number): void {
  for (let turn = 0; turn < 200; turn++) {
    const end = durations.start();
    clock.advance(ms);
    end();
  }
}

test('the expected wait follows the assumed duration until a turn has ended', () => {
  expect(durations.secondsUntilFree(1)).toBe(FIRST_DURATION_MS / 1_000);
  expect(durations.secondsUntilFree(4)).toBe(FIRST_DURATION_MS / 4_000);
});

test.each([
  { running: 1, seconds: 20 },
  { running: 3, seconds: 7 },
  { running: 4, seconds: 5 },
  { running: 20, seconds: 1 },
])(
  'a place is expected after $seconds s when $running turns of 20 seconds run at a time',
  ({ running, seconds }) => {
    endTurnsOf(20_000);
    expect(durations.secondsUntilFree(running)).toBe(seconds);
  },
);

test('one long turn changes the expected wait by a tenth of its difference', () => {
  endTurnsOf(20_000);
  const end = durations.start();
  clock.advance(120_000);
  end();
  expect(durations.secondsUntilFree(1)).toBe(30);
});

test('turns that hang increase the expected wait while they run, and by a tenth when they have ended', () => {
  endTurnsOf(20_000);
  const ends = Array.from({ length: 4 }, () => durations.start());
  clock.advance(20_000);
  expect(durations.secondsUntilFree(4)).toBe(5);
  clock.advance(60_000);
  expect(durations.secondsUntilFree(4)).toBe(20);
  ends[0]?.();
  // A new turn lowers the mean age of the running ones, 80 s, to 60 s.
  durations.start();
  expect(durations.secondsUntilFree(4)).toBe(15);
  for (const end of ends.slice(1)) end();
  // The average is 20 s, and each of four turns of 80 s moved it by a tenth of the difference.
  expect(durations.secondsUntilFree(1)).toBe(Math.ceil(80 - 60 * 0.9 ** 4));
});

test('the expected wait is at least one second, also without running turns', () => {
  endTurnsOf(10);
  expect(durations.secondsUntilFree(256)).toBe(1);
  expect(durations.secondsUntilFree(0)).toBe(1);
});

test('the expected wait is at most 300 seconds', () => {
  durations.start();
  clock.advance(299_000);
  expect(durations.secondsUntilFree(1)).toBe(299);
  clock.advance(3_600_000);
  expect(durations.secondsUntilFree(1)).toBe(300);
});
