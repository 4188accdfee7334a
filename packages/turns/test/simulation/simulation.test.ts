import { isLongForm } from '@parley/embedded/testing/form';
import { expect, test } from 'vitest';
import { LONG_FORM, SHORT_FORM } from './short-form.ts';
import { simulate } from './simulate.ts';

const PATIENCE_MS = 300_000;

test(
  'every schedule keeps every promise',
  async () => {
    const broken: string[] = [];
    let turns = 0;
    const { from, schedules, seeds } = isLongForm() ? LONG_FORM : SHORT_FORM;
    for (const seed of [...seeds, ...Array.from({ length: schedules }, (_, index) => from + index)]) {
      if (broken.length > 0) break;
      const report = await simulate(seed);
      turns += report.turns;
      for (const offence of report.offences)
        broken.push(`npm run simulate -- --seed ${report.seed} --trace: ${offence}`);
    }
    expect(broken).toEqual([]);
    expect(turns).toBeGreaterThan(schedules);
  },
  PATIENCE_MS,
);

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'seed %i runs the same way each time, to the last command',
  async (seed) => {
    const first = await simulate(seed, true);
    const second = await simulate(seed, true);
    expect(first.trace.length).toBeGreaterThan(10);
    expect(second.trace).toEqual(first.trace);
  },
);
