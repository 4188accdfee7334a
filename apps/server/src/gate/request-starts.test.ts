import { setImmediate as nextIteration } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { RequestStarts } from './request-starts.ts';

const UNBOUNDED = { perAddress: Number.POSITIVE_INFINITY, total: Number.POSITIVE_INFINITY };

/** Requests that note when they begin. */
function start(bounds = UNBOUNDED) {
  const starts = new RequestStarts(bounds);
  const begun: string[] = [];
  const send = async (address: string, name: string) => {
    await starts.enter(address);
    begun.push(name);
  };
  return { begun, send, starts };
}

test('an address begins one request in each iteration of the event loop, in the order of arrival', async () => {
  const { begun, send } = start();
  for (const name of ['first', 'second', 'third']) void send('192.0.2.1', name);
  await Promise.resolve();
  const seen = [[...begun]];
  for (let iteration = 0; iteration < 2; iteration++) {
    await nextIteration();
    seen.push([...begun]);
  }
  expect(seen).toEqual([['first'], ['first', 'second'], ['first', 'second', 'third']]);
});

test('the address of a server begins eight requests in each iteration, in the order of arrival', async () => {
  const { begun, send, starts } = start();
  starts.noteServer('192.0.2.1');
  const names = Array.from({ length: 20 }, (_, index) => `request ${index}`);
  for (const name of names) void send('192.0.2.1', name);
  await Promise.resolve();
  const seen = [begun.length];
  for (let iteration = 0; iteration < 2; iteration++) {
    await nextIteration();
    seen.push(begun.length);
  }
  expect(seen).toEqual([8, 16, 20]);
  expect(begun).toEqual(names);
});

test('requests that arrive during an iteration wait behind those that it has begun', async () => {
  const { begun, send } = start();
  for (const name of ['early 1', 'early 2']) void send('192.0.2.1', name);
  await nextIteration();
  void send('192.0.2.1', 'late');
  await Promise.resolve();
  expect(begun).toEqual(['early 1', 'early 2']);
  await nextIteration();
  expect(begun).toEqual(['early 1', 'early 2', 'late']);
});

test('a request does not wait behind those of another address', async () => {
  const { begun, send } = start();
  for (let index = 0; index < 50; index++) void send('192.0.2.1', 'hostile');
  await nextIteration();
  await send('192.0.2.2', 'visitor');
  expect(begun.filter((name) => name === 'hostile').length).toBeLessThan(5);
  expect(begun.at(-1)).toBe('visitor');
});

test('an address that has nothing waiting begins its next request at once', async () => {
  const { begun, send } = start();
  await send('192.0.2.1', 'first');
  await nextIteration();
  await nextIteration();
  void send('192.0.2.1', 'second');
  await Promise.resolve();
  expect(begun).toEqual(['first', 'second']);
});

test('a request beyond the bound of one address begins at once', async () => {
  const { begun, send } = start({ ...UNBOUNDED, perAddress: 1 });
  for (const name of ['first', 'waits', 'beyond']) void send('192.0.2.1', name);
  await Promise.resolve();
  expect(begun).toEqual(['first', 'beyond']);
});

test('a request beyond the bound of all addresses begins at once, and waiting ones free their places', async () => {
  const { begun, send } = start({ ...UNBOUNDED, total: 1 });
  for (const name of ['a1', 'a2']) void send('192.0.2.1', name);
  for (const name of ['b1', 'b2']) void send('192.0.2.2', name);
  await Promise.resolve();
  expect(begun).toEqual(['a1', 'b1', 'b2']);
  await nextIteration();
  expect(begun).toEqual(['a1', 'b1', 'b2', 'a2']);
  void send('192.0.2.1', 'a3');
  await Promise.resolve();
  expect(begun).not.toContain('a3');
});
