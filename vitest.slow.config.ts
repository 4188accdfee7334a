import { defineConfig, mergeConfig } from 'vitest/config';
import { BROWSER_TESTS, ISOLATED_TESTS, LONG_FORMS, SLOW_TESTS } from './scripts/test-files.ts';
import config from './vitest.config.ts';

const isOfBrowser = (file: string) => file.startsWith(BROWSER_TESTS.slice(0, BROWSER_TESTS.indexOf('*')));

const files = [...SLOW_TESTS, ...LONG_FORMS];
const { projects = [], ...shared } = config.test ?? {};
const [node, isolated, browser] = projects as [object, object, object];
const isIsolated = (file: string) => ISOLATED_TESTS.includes(file);

/** The tests that take minutes, and the long form of those that `npm test` runs in a short one. */
export default defineConfig({
  test: {
    ...shared,
    provide: { testForm: 'long' },
    projects: [
      withFiles(
        node,
        files.filter((file) => !isOfBrowser(file) && !isIsolated(file)),
      ),
      withFiles(isolated, files.filter(isIsolated)),
      withFiles(browser, files.filter(isOfBrowser)),
    ],
  },
});

function withFiles(project: object, include: readonly string[]) {
  const merged = mergeConfig(project, {});
  return { ...merged, test: { ...merged.test, include, exclude: ['**/node_modules/**'] } };
}
