import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import '../scripts/compile-cache.ts';
import { TallyReporter } from '../scripts/tally-reporter.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Runs other apps with Parley in their own projects, which install from registries, compile and build for minutes,
 * and the commands of the terminal, each of which is a process. `npm run test:integrations` runs it, `npm test` does
 * not.
 */
export default defineConfig({
  test: {
    root: at('..'),
    include: ['integrations/*/*.test.ts', 'apps/cli/test/*.test.ts'],
    exclude: ['integrations/projects/**', '**/node_modules/**'],
    globalSetup: [at('../packages/embedded/src/testing/global-setup.ts'), at('support/global-setup.ts')],
    reporters: ['default', new TallyReporter()],
    // One at a time: each installs, compiles and builds with all the cores there are.
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
