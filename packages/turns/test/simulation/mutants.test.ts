import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { casesOfForm } from '@parley/embedded/testing/form';
import { expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { mutate, mutatedFiles } from './mutate.ts';
import { LONG_FORM, type Schedules, SHORT_FORM } from './short-form.ts';

/* The simulation must find each planted bug. Otherwise a run without offences would prove little. */

const PATIENCE_MS = 300_000;

test.each(mutants)('the planted bug can be put into the present source: $name', async (mutant) => {
  await expect(mutatedFiles(mutant)).resolves.toBeDefined();
});

test.each(casesOfForm(mutants, 16))(
  'the short form finds the planted bug: $name',
  async (mutant) => {
    const { folder, remove } = await mutate(mutant);
    try {
      const { code, output } = await simulateIn(folder, SHORT_FORM);
      if (code === 0) {
        const longer = await simulateIn(folder, LONG_FORM);
        expect.fail(`not found. Add a seed to SHORT_FORM that finds it, perhaps this one:\n${longer.output}`);
      }
      expect(code, output).toBe(1);
      expect(output).toMatch(/^seed \d+: (?!\d+ turns, )/m);
    } finally {
      await remove();
    }
  },
  PATIENCE_MS,
);

/** Runs schedules up to the first broken promise, in a process that is killed if the mutant loops for ever. */
function simulateIn(
  folder: string,
  { seeds, from, schedules }: Schedules,
): Promise<{ code: unknown; output: string }> {
  const args = [
    ...['--first', '--from', String(from), '--schedules', String(schedules)],
    ...seeds.flatMap((seed) => ['--seed', String(seed)]),
  ];
  const main = join(folder, 'test/simulation/main.ts');
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { timeout: PATIENCE_MS / 2 }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, output: stdout + stderr });
    });
  });
}
