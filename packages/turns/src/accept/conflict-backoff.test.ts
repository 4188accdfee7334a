import type { Clock } from '@parley/quota';
import { expect, test } from 'vitest';
import { ConflictBackoff } from './conflict-backoff.ts';

function recordingClock() {
  const slept: number[] = [];
  const clock: Pick<Clock, 'sleep' | 'random'> = {
    random: () => 0.5,
    sleep: async (ms) => void slept.push(ms),
  };
  return { clock, slept };
}

test('the second attempt follows at once, and later attempts follow after growing pauses', async () => {
  const { clock, slept } = recordingClock();
  const backoff = new ConflictBackoff(clock);
  for (let conflict = 1; conflict <= 10; conflict++) await backoff.pause();
  expect(slept).toEqual([7.5, 15, 30, 60, 120, 240, 375, 375, 375]);
});

test('a request is rejected with `database_unavailable` after twenty attempts', async () => {
  const { clock, slept } = recordingClock();
  const backoff = new ConflictBackoff(clock);
  for (let conflict = 1; conflict < 20; conflict++) await backoff.pause();
  await expect(backoff.pause()).rejects.toMatchObject({ code: 'database_unavailable' });
  expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(8_000);
});
