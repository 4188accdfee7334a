/**
 * Tests that mint ids at a later time, which all later ids of a process follow, that set the globals of a browser for good, or
 * that count the timers of their process: each file needs its own process.
 */
export const ISOLATED_TESTS = [
  'packages/contract/src/id.test.ts',
  'apps/server/test/authorization/open-streams.test.ts',
  'packages/client/test/files.test.ts',
  'packages/client/test/hooks.test.ts',
  'packages/client/test/users.test.ts',
  'packages/api/src/gate/rate-limiter.test.ts',
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
  // `streams/database-unreachable` and the tests of the database's connection keep the short form.
  'apps/server/test/database-unreachable.test.ts',
  'apps/server/test/stream-message/database-unreachable.test.ts',
  'apps/server/test/create-message/database-reads.test.ts',
  'packages/db/src/connection/conflict-pauses.test.ts',
  'packages/embedded/src/local-model/start-engine.test.ts',
  'apps/server/test/web/visitors-of-one-address.test.ts',
  // The page in more windows, devices and states: the others use each of its parts.
  'apps/web/test/copy.test.ts',
  'apps/web/test/delete.test.ts',
  'apps/web/test/docs-site.test.ts',
  'apps/web/test/drafts.test.ts',
  'apps/web/test/finish-reason.test.ts',
  'apps/web/test/focus.test.ts',
  'apps/web/test/hostile-page.test.ts',
  'apps/web/test/language.test.ts',
  'apps/web/test/layout.test.ts',
  'apps/web/test/long-chat.test.ts',
  'apps/web/test/offline.test.ts',
  'apps/web/test/print.test.ts',
  'apps/web/test/scripts.test.ts',
  'apps/web/test/session.test.ts',
  'apps/web/test/waiting.test.ts',
  'apps/web/test/withdrawn-access.test.ts',
];

/** They try a sample of their cases in `npm test`, and the others in `npm run test:slow` (`casesOfForm`, `longTest`). */
export const LONG_FORMS = [
  'apps/server/test/ai-sdk/crash.test.ts',
  'apps/server/test/authorization/issued.test.ts',
  'apps/server/test/authorization/matrix.test.ts',
  'apps/server/test/authorization/open-streams.test.ts',
  'apps/server/test/common-errors.test.ts',
  'apps/server/test/common-requests.test.ts',
  'apps/server/test/crash/short.test.ts',
  'apps/server/test/create-message/502.test.ts',
  'apps/server/test/create-message/model-faults.test.ts',
  'apps/server/test/data/delete-user.test.ts',
  'apps/server/test/data/retention.test.ts',
  'apps/server/test/follow-chat/resume.test.ts',
  'apps/server/test/fuzz.test.ts',
  'apps/server/test/idempotency/message.test.ts',
  'apps/server/test/keys/issued.test.ts',
  'apps/server/test/leaks.test.ts',
  'apps/server/test/owasp/api-top-10.test.ts',
  'apps/server/test/owasp/canaries.test.ts',
  'apps/server/test/rate-limit/unnamed-proxy.test.ts',
  'apps/server/test/stream-errors.test.ts',
  'apps/server/test/stream-message/cursor.test.ts',
  'apps/server/test/transports-agree.test.ts',
  'apps/server/test/users/block.test.ts',
  'apps/server/test/web/audience.test.ts',
  'apps/web/test/axe/desktop.test.ts',
  'apps/web/test/embed.test.ts',
  'apps/web/test/failure.test.ts',
  'apps/web/test/hostile-answers.test.ts',
  'apps/web/test/live-list.test.ts',
  'apps/web/test/parts.test.ts',
  'apps/web/test/xss.test.ts',
  'packages/db/test/encryption.test.ts',
  'packages/turns/test/chaos.test.ts',
  'packages/turns/test/order.test.ts',
  'packages/turns/test/simulation/mutants.test.ts',
  'packages/turns/test/simulation/simulated-store.test.ts',
  'packages/turns/test/simulation/simulation.test.ts',
];
