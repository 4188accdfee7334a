import { availableParallelism } from 'node:os';
import type {} from '@parley/embedded/testing/form';
import { defineConfig } from 'vitest/config';
import './scripts/compile-cache.ts';
import { LongestFirst } from './scripts/longest-first.ts';
import { TallyReporter } from './scripts/tally-reporter.ts';
import {
  BROWSER_TESTS,
  COMMAND_TESTS,
  ISOLATED_TESTS,
  SHARED_TESTS,
  SLOW_TESTS,
} from './scripts/test-files.ts';

/** Its files change nothing that another one in the same process could see, and share the modules of the server. */
const shared = {
  isolate: false,
  setupFiles: ['scripts/restore-clock.ts'],
  unstubEnvs: true,
  unstubGlobals: true,
  restoreMocks: true,
};

/**
 * The tests of every change: the short form of everything. `npm run test:slow` runs the rest, and `npm run check` the tests
 * in `test`, which read the sources.
 */
export default defineConfig({
  test: {
    globalSetup: ['packages/embedded/src/testing/global-setup.ts'],
    provide: { testForm: 'short' },
    // Two more than cores: tests of processes wait more than they work.
    maxWorkers: availableParallelism() + 2,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', new TallyReporter()],
    // Tests start real processes (mongod, servers): the bound is generous, because a test never asserts speed.
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 180_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: [SHARED_TESTS],
          exclude: ['**/node_modules/**', BROWSER_TESTS, COMMAND_TESTS, ...ISOLATED_TESTS, ...SLOW_TESTS],
          ...shared,
        },
      },
      {
        extends: true,
        test: {
          name: 'isolated',
          include: ISOLATED_TESTS,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: [BROWSER_TESTS],
          exclude: ['**/node_modules/**', ...SLOW_TESTS],
          globalSetup: ['apps/web/test/support/global-setup.ts'],
          // After the others, and two at a time: a browser waits more than it works.
          sequence: { groupOrder: 1 },
          ...shared,
          maxWorkers: 2,
        },
      },
    ],
  },
});
