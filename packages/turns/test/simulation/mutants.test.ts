import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { casesOfForm } from '@parley/embedded/testing/form';
import { expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { mutate } from './mutate.ts';
import { SHORT_FORM } from './short-form.ts';

/* A simulation that finds nothing might look for nothing: bugs put in on purpose are found, each of them. */

const PATIENCE_MS = 300_000;

test.each(casesOfForm(mutants, 10))(
  'found within the short form: $name',
  async (mutant) => {
    const { folder, remove } = await mutate(mutant);
    try {
      const { code, output } = await simulateIn(folder);
      expect(output).toMatch(/^seed \d+: /m);
      expect(code).toBe(1);
    } finally {
      await remove();
    }
  },
  PATIENCE_MS,
);

/** In a process of its own: a mutant may go round in circles, and is given up then. */
function simulateIn(folder: string): Promise<{ code: unknown; output: string }> {
  const main = join(folder, 'test/simulation/main.ts');
  const { from, schedules } = SHORT_FORM;
  const args = [main, '--first', '--from', String(from), '--schedules', String(schedules)];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: PATIENCE_MS / 2 }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, output: stdout + stderr });
    });
  });
}
