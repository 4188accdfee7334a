/**
 * Tests that mint ids at a later time, which all later ids of a process follow, or that set the globals of a browser for
 * good: each file needs its own process.
 */
export const ISOLATED_TESTS = [
  'packages/contract/src/id.test.ts',
  'apps/server/test/rate-limit/{users-and-addresses,429,gate}.test.ts',
  'apps/server/test/authorization/open-streams.test.ts',
  'packages/client/test/{hooks,users}.test.ts',
  'apps/web/src/**/*.test.tsx',
];

/** All tests of packages and apps. Those that need neither a browser nor their own process share one. */
export const SHARED_TESTS = '{packages,apps}/*/{src,test}/**/*.test.{ts,tsx}';

/** They open a real browser. */
export const BROWSER_TESTS = 'apps/web/test/**/*.test.ts';

/** They take longest without a browser, so they start first. */
export const LONGEST_TESTS = [
  'packages/turns/test/simulation/mutants.test.ts',
  'apps/server/test/authorization/matrix.test.ts',
  'apps/server/test/crash/short.test.ts',
  'apps/server/test/start/admin.test.ts',
  'apps/server/test/start/database.test.ts',
  'apps/server/test/start/encryption.test.ts',
  'packages/embedded/src/mongod/start-mongo.test.ts',
  'apps/server/test/transports-agree.test.ts',
  'apps/server/test/start/first-start.test.ts',
  'packages/turns/test/simulation/simulation.test.ts',
  'apps/server/test/database-unreachable.test.ts',
  'apps/server/test/stream-message/database-unreachable.test.ts',
  'apps/server/test/common-errors.test.ts',
];

/** They start a process for each command: `npm run test:integrations` runs them. */
export const COMMAND_TESTS = 'apps/cli/test/**/*.test.ts';

/** They start many processes, or wait for long: only `npm run test:slow` runs them. */
export const SLOW_TESTS = [
  'apps/server/test/start/admin.test.ts',
  'apps/server/test/start/database.test.ts',
  'apps/server/test/start/encryption.test.ts',
  'apps/server/test/start/first-start.test.ts',
  'apps/server/test/start/models.test.ts',
  'apps/server/test/start/without-embedded.test.ts',
  'apps/server/test/list-chats/large.test.ts',
  'packages/db/test/index-builds.test.ts',
  'apps/server/test/crash/crowd.test.ts',
  'apps/server/test/crash/rolling-restart.test.ts',
  'apps/server/test/web/start.test.ts',
  'apps/web/test/axe/phone.test.ts',
  'packages/embedded/src/download/fetch-wheel.test.ts',
  'packages/embedded/src/mongod/find-mongod.test.ts',
  'packages/embedded/src/local-model/start-local-model.test.ts',
  'packages/embedded/src/mongod/start-mongo.test.ts',
];

/** They try a sample of their cases in `npm test`, and the others in `npm run test:slow` (`casesOfForm`). */
export const LONG_FORMS = [
  'apps/server/test/common-errors.test.ts',
  'apps/server/test/common-requests.test.ts',
  'apps/server/test/transports-agree.test.ts',
  'apps/server/test/authorization/matrix.test.ts',
  'apps/server/test/crash/short.test.ts',
  'apps/server/test/fuzz.test.ts',
  'packages/turns/test/simulation/mutants.test.ts',
  'packages/turns/test/simulation/simulation.test.ts',
  'apps/web/test/axe/desktop.test.ts',
  'apps/web/test/hostile-answers.test.ts',
  'apps/web/test/xss.test.ts',
];
