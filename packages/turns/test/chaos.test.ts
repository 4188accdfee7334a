import { casesOfForm } from '@parley/embedded/testing/form';
import { expect, test } from 'vitest';
import { checkHistory } from '../src/testing/index.ts';
import { Chaos } from './chaos.ts';
import { startHarness } from './harness.ts';

/*
 * Three processes on one real database. A seed decides when processes die, drain and stall, and when the database
 * fails before and after the effect of a call.
 */

const harness = await startHarness('chaos');

test.each(
  casesOfForm(
    Array.from({ length: 12 }, (_, index) => index + 1),
    8,
  ),
)('every promise holds under random faults with seed %i', async (seed) => {
  expect(checkHistory(await Chaos.play(harness, seed))).toEqual([]);
});
