import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { casesOfForm } from '@parley/embedded/testing/form';
import { expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { mutate, mutatedFiles } from './mutate.ts';
import { SHORT_FORM } from './short-form.ts';

/* The simulation has to find each planted bug, so that its silence means something. */

const PATIENCE_MS = 300_000;

test.each(mutants)('the planted bug can be put into the present source: $name', async (mutant) => {
  await expect(mutatedFiles(mutant)).resolves.toBeDefined();
});

test.each(casesOfForm(mutants, 10))(
  'the short form finds the planted bug: $name',
  async (mutant) => {
    const { folder, remove } = await mutate(mutant);
    try {
      const results = [];
      for (const run of runs) {
        const { code, output } = await simulateIn(folder, run);
        results.push(output);
        if (code === 0) continue;
        expect(output).toMatch(/^seed \d+: /m);
        expect(code).toBe(1);
        return;
      }
      expect.fail(`not found: ${results.join('')}`);
    } finally {
      await remove();
    }
  },
  PATIENCE_MS,
);

/** The short form in parts, each of which ends at the first broken promise. The single schedules take no time. */
const runs = [
  ...SHORT_FORM.seeds.map((seed) => ['--seed', String(seed)]),
  ['--first', '--from', String(SHORT_FORM.from), '--schedules', String(SHORT_FORM.schedules)],
];

/** The simulation runs in its own process, because a mutant may loop for ever and is killed then. */
function simulateIn(folder: string, run: readonly string[]): Promise<{ code: unknown; output: string }> {
  const args = [join(folder, 'test/simulation/main.ts'), ...run];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: PATIENCE_MS / 2 }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, output: stdout + stderr });
    });
  });
}
