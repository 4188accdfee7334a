import { setImmediate as turnOfEventLoop } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { eventLoop } from './event-loop.ts';

test('deferred actions run in their order, after the promises of this turn of the event loop', async () => {
  const ran: string[] = [];
  eventLoop.defer(() => ran.push('first'));
  eventLoop.defer(() => ran.push('second'));
  void Promise.resolve().then(() => ran.push('a promise'));
  await turnOfEventLoop();
  expect(ran).toEqual(['a promise', 'first', 'second']);
});
