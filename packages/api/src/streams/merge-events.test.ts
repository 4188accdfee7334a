import { expect, test } from 'vitest';
import { mergeEvents } from './merge-events.ts';

const NEVER = new AbortController().signal;

/** A source that yields these events, and then waits for the signal. Notes when it has ended. */
async function* waiting(events: readonly string[], signal: AbortSignal, ended: string[], name: string) {
  try {
    yield* events;
    const aborted = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => aborted.resolve());
    if (!signal.aborted) await aborted.promise;
  } finally {
    ended.push(name);
  }
}

async function* failing(event: string): AsyncGenerator<string, void, undefined> {
  yield event;
  throw new Error('broken');
}

async function* ending(event: string): AsyncGenerator<string, void, undefined> {
  yield event;
}

test('merged events keep the order of each source, and end with the signal', async () => {
  const ended: string[] = [];
  const stop = new AbortController();
  const received: string[] = [];
  const events = mergeEvents(
    (signal) => [waiting(['a1', 'a2'], signal, ended, 'a'), waiting(['b1', 'b2'], signal, ended, 'b')],
    stop.signal,
  );
  for await (const event of events) {
    received.push(event);
    if (received.length === 4) stop.abort();
  }
  expect(received.filter((event) => event.startsWith('a'))).toEqual(['a1', 'a2']);
  expect(received.filter((event) => event.startsWith('b'))).toEqual(['b1', 'b2']);
  expect(ended.sort()).toEqual(['a', 'b']);
});

test('an error of one source ends the other, which may be waiting', async () => {
  const ended: string[] = [];
  const events = mergeEvents((signal) => [waiting([], signal, ended, 'a'), failing('b1')], NEVER);
  expect(await events.next()).toEqual({ done: false, value: 'b1' });
  await expect(events.next()).rejects.toThrow('broken');
  expect(ended).toEqual(['a']);
});

test('the end of one source does not end the other', async () => {
  const ended: string[] = [];
  const stop = new AbortController();
  const events = mergeEvents(
    (signal) => [ending('a1'), waiting(['b1', 'b2'], signal, ended, 'b')],
    stop.signal,
  );
  const received = [(await events.next()).value, (await events.next()).value, (await events.next()).value];
  expect(received.sort()).toEqual(['a1', 'b1', 'b2']);
  const left = events.next();
  stop.abort();
  expect(await left).toEqual({ done: true, value: undefined });
});

test('a reader that leaves ends both sources', async () => {
  const ended: string[] = [];
  const events = mergeEvents(
    (signal) => [waiting(['a1'], signal, ended, 'a'), waiting([], signal, ended, 'b')],
    NEVER,
  );
  await events.next();
  await events.return();
  expect(ended.sort()).toEqual(['a', 'b']);
});
