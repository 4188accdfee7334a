import type {} from '@parley/embedded/testing';
import { expect, inject, test } from 'vitest';
import { CROWD_PACE, runCrowd } from './crowd.ts';
import { openLab } from './lab/lab.ts';
import { Random } from './random.ts';
import { visitorBounds } from './settings.ts';

const END_WITHIN_MS = 60_000;

test('messages of a crowd of visitors wait within the bounds and are all answered, although each server is killed', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = new Random(seed);
  const mongoUri = inject('mongoUri');
  await using lab = await openLab({
    ...{ mongoUri, random },
    bounds: visitorBounds,
    endWithinMs: END_WITHIN_MS,
    pace: CROWD_PACE,
  });
  const { strikes, offences } = await runCrowd(lab, random);
  expect(offences, `seed ${seed}`).toEqual([]);
  expect(strikes).toBe(2);
});
