import { setImmediate as turnOfEventLoop } from 'node:timers/promises';
import { mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import { ChatPlaces } from './chat-places.ts';

const chat = mintId('chat');

/** Inserts that stay in flight until the test ends them. */
function openPlaces() {
  const timers = new Set<() => void>();
  const after = (_: number, action: () => void) => {
    timers.add(action);
    return { cancel: () => void timers.delete(action) };
  };
  const places = new ChatPlaces({ after });
  const began: string[] = [];
  const begin = (name: string, of = chat) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const placed = places.inOrder(of, () => {
      began.push(name);
      return promise;
    });
    return { placed, end: () => resolve(name), fail: reject };
  };
  return { places, began, begin, timers };
}

test('messages of one chat are placed one after the other, in the order of their arrival', async () => {
  const { places, began, begin } = openPlaces();
  const all = ['a', 'b', 'c'].map((name) => begin(name));
  for (const [index, { placed, end }] of all.entries()) {
    await turnOfEventLoop();
    expect(began).toEqual(['a', 'b', 'c'].slice(0, index + 1));
    end();
    expect(await placed).toBe(began.at(-1));
  }
  expect(places.size).toBe(0);
});

test('messages of different chats do not wait for each other', async () => {
  const { began, begin } = openPlaces();
  begin('a');
  begin('b', mintId('chat'));
  await turnOfEventLoop();
  expect(began).toEqual(['a', 'b']);
});

test('a rejected message lets the next message of its chat proceed', async () => {
  const { places, began, begin } = openPlaces();
  const [first, second] = [begin('a'), begin('b')];
  first.fail(new Error('rejected'));
  await expect(first.placed).rejects.toThrow('rejected');
  await turnOfEventLoop();
  expect(began).toEqual(['a', 'b']);
  second.end();
  await second.placed;
  expect(places.size).toBe(0);
});

test('a message stops waiting for a hanging message of its chat after the timeout', async () => {
  const { places, began, begin, timers } = openPlaces();
  const [hangs, next] = [begin('hangs'), begin('next')];
  await turnOfEventLoop();
  expect(began).toEqual(['hangs']);
  for (const fire of timers) fire();
  await turnOfEventLoop();
  expect(began).toEqual(['hangs', 'next']);
  next.end();
  await next.placed;
  expect(timers.size).toBe(0);
  hangs.end();
  await hangs.placed;
  expect(places.size).toBe(0);
});
