import type {} from '@parley/embedded/testing';
import { expect, inject, test } from 'vitest';
import { openLab } from './lab/lab.ts';
import { Random } from './random.ts';
import { ROLLING_PACE, runRollingRestart } from './rolling-restart.ts';
import { bounds } from './settings.ts';

const END_WITHIN_MS = 60_000;

test('a rolling restart of two servers under 50 live streams loses nothing and doubles nothing', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = new Random(seed);
  const mongoUri = inject('mongoUri');
  await using lab = await openLab({
    mongoUri,
    bounds,
    endWithinMs: END_WITHIN_MS,
    pace: ROLLING_PACE,
    random,
  });
  const { turns, strikes, offences } = await runRollingRestart(lab, random);
  expect(offences, `seed ${seed}`).toEqual([]);
  expect([turns.length, strikes]).toEqual([50, 2]);
});
