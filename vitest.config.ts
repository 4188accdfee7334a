import { availableParallelism } from 'node:os';
import type {} from '@parley/embedded/testing/form';
import { defineConfig } from 'vitest/config';
import { TallyReporter } from './scripts/tally-reporter.ts';
import {
  BROWSER_TESTS,
  CLIENT_TESTS,
  COMMAND_TESTS,
  SERVER_TESTS,
  SLOW_TESTS,
} from './scripts/test-files.ts';

/** The tests of every change: the short form of everything. `npm run test:slow` runs the long forms. */
export default defineConfig({
  test: {
    globalSetup: ['packages/embedded/src/testing/global-setup.ts'],
    provide: { testForm: 'short' },
    // One for each core and one more: tests of processes wait more than they work.
    maxWorkers: availableParallelism() + 1,
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
          include: ['test/**/*.test.ts', ...SERVER_TESTS],
          exclude: ['**/node_modules/**', ...SLOW_TESTS],
          // These files change nothing that another one in the same process could see, and to load the server anew for
          // each file takes a third of the time of all tests.
          isolate: false,
          unstubEnvs: true,
          unstubGlobals: true,
          restoreMocks: true,
        },
      },
      {
        extends: true,
        test: {
          name: 'client',
          include: CLIENT_TESTS,
          exclude: ['**/node_modules/**', BROWSER_TESTS, COMMAND_TESTS, ...SLOW_TESTS],
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
          maxWorkers: 2,
        },
      },
    ],
  },
});
