import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** The names of what failed: a log of two runs ends with them. */
  readonly failures: readonly string[];
}

/**
 * Ends a run with one plain line, `N passed, N failed`, for programs that read logs. Runs that share a `TALLY_FILE`
 * are added up: the line of each contains the sum so far.
 */
export class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // A file that breaks outside of its tests has failed too, and so has a run with stray errors.
    const broken = modules.filter((module) => module.errors().length > 0);
    const failures = [
      ...tests
        .filter((test) => test.result().state === 'failed')
        .map(({ module, fullName }) => `${module.relativeModuleId}: ${fullName}`),
      ...broken.map(({ relativeModuleId }) => relativeModuleId),
      ...errors.map((error) => `outside of tests: ${messageOf(error)}`),
    ];
    const all = addedUp({
      passed: count('passed'),
      failed: failures.length,
      skipped: count('skipped'),
      failures,
    });
    process.stdout.write(`\n${summaryOf(all)}\n`);
  }
}

/** Errors reach a reporter as plain objects. The stack of a stray error is all that tells where it came from. */
function messageOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return 'an error';
  const stack = 'stack' in error ? String(error.stack).split('\n').slice(1, 6) : [];
  return [String(error.message), ...stack.map((line) => line.trim())].join(' ');
}

const nothing: Tally = { passed: 0, failed: 0, skipped: 0, failures: [] };

function summaryOf({ passed, failed, skipped, failures }: Tally): string {
  const tail = skipped > 0 ? `, ${skipped} skipped` : '';
  return [...failures.map((name) => `failed: ${name}`), `${passed} passed, ${failed} failed${tail}`].join(
    '\n',
  );
}

/** This run's counts and those of the runs before it. */
function addedUp(own: Tally): Tally {
  // biome-ignore lint/suspicious/noUndeclaredEnvVars: no task of turbo's reads it.
  const file = process.env['TALLY_FILE'];
  if (!file) return own;
  const before: Tally = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : nothing;
  const all = {
    passed: before.passed + own.passed,
    failed: before.failed + own.failed,
    skipped: before.skipped + own.skipped,
    failures: [...before.failures, ...own.failures],
  };
  writeFileSync(file, JSON.stringify(all));
  return all;
}
