import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Ends a run with one plain line, `N passed, N failed`, for whoever reads logs by machine. Runs that share a
 * `TALLY_FILE` are added up: each one's line tells of all so far.
 */
export class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // A file that breaks outside of its tests has failed too, and so has a run with stray errors.
    const brokenModules = modules.filter((module) => module.errors().length > 0).length;
    const failed = count('failed') + brokenModules + errors.length;
    const all = addedUp({ passed: count('passed'), failed, skipped: count('skipped') });
    const tail = all.skipped > 0 ? `, ${all.skipped} skipped` : '';
    process.stdout.write(`\n${all.passed} passed, ${all.failed} failed${tail}\n`);
  }
}

/** This run's counts and those of the runs before it. */
function addedUp(own: Tally): Tally {
  // biome-ignore lint/suspicious/noUndeclaredEnvVars: no task of turbo's reads it.
  const file = process.env['TALLY_FILE'];
  if (!file) return own;
  const before: Tally = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : { passed: 0, failed: 0, skipped: 0 };
  const all = {
    passed: before.passed + own.passed,
    failed: before.failed + own.failed,
    skipped: before.skipped + own.skipped,
  };
  writeFileSync(file, JSON.stringify(all));
  return all;
}
