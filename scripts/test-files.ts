/** Tests of packages that run in the browser, the terminal or a build, or set the clock: each file needs its own process. */
export const CLIENT_TESTS = [
  'packages/contract/{src,test}/**/*.test.{ts,tsx}',
  'packages/client/{src,test}/**/*.test.{ts,tsx}',
  'apps/{cli,docs,web}/{src,test}/**/*.test.{ts,tsx}',
];

/** Tests of the packages that make up the server. */
export const SERVER_TESTS = [
  'packages/!(client|contract)/{src,test}/**/*.test.{ts,tsx}',
  'apps/server/{src,test}/**/*.test.{ts,tsx}',
];

/** They open a real browser. */
export const BROWSER_TESTS = 'apps/web/test/**/*.test.ts';

/** They start a process for each command: `npm run test:integrations` runs them. */
export const COMMAND_TESTS = 'apps/cli/test/**/*.test.ts';

/** They start many processes, or wait for long: only `npm run test:slow` runs them. */
export const SLOW_TESTS = [
  'apps/server/test/start/admin.test.ts',
  'apps/server/test/start/database.test.ts',
  'apps/server/test/start/encryption.test.ts',
  'apps/server/test/start/first-start.test.ts',
  'apps/server/test/start/without-embedded.test.ts',
  'apps/server/test/crash/crowd.test.ts',
  'apps/server/test/crash/rolling-restart.test.ts',
  'apps/server/test/web/start.test.ts',
  'apps/web/test/axe/phone.test.ts',
  'packages/embedded/src/download/fetch-wheel.test.ts',
  'packages/embedded/src/mongod/find-mongod.test.ts',
  'packages/embedded/src/local-model/start-local-model.test.ts',
  'packages/embedded/src/mongod/start-mongo.test.ts',
];

/** They try a sample of their cases in `npm test`, and all of them in `npm run test:slow` (`casesOfForm`). */
export const LONG_FORMS = [
  'apps/server/test/common-errors.test.ts',
  'apps/server/test/common-requests.test.ts',
  'apps/server/test/transports-agree.test.ts',
  'apps/server/test/authorization/matrix.test.ts',
  'packages/turns/test/simulation/mutants.test.ts',
  'apps/web/test/axe/desktop.test.ts',
  'apps/web/test/hostile-answers.test.ts',
  'apps/web/test/xss.test.ts',
];
