import type { ChatEvent } from '@parley/contract';
import { afterEach, expect, test, vi } from 'vitest';
import { TestPage } from '../test/support/test-page.ts';
import { ChatStream, type ChatStreamDeps } from './chat-stream.ts';
import { Credentials } from './credentials.ts';
import { ParleyError } from './parley-error.ts';
import { timings } from './timings.ts';

type Observer = Parameters<ChatStreamDeps<ChatEvent>['follow']>[1];

vi.useFakeTimers();
afterEach(() => vi.clearAllTimers());

/** A stream whose connections the test controls. */
function play() {
  const connections: { input: { lastEventId?: string }; observer: Observer; isClosed: boolean }[] = [];
  const page = new TestPage();
  const received: string[] = [];
  const stream = new ChatStream<ChatEvent>({
    follow: (input, observer) => {
      const connection = { input, observer, isClosed: false };
      connections.push(connection);
      return {
        unsubscribe() {
          connection.isClosed = true;
          observer.onComplete();
        },
      };
    },
    credentials: new Credentials({ apiKey: 'pk_live_1' }),
    page,
    timings,
    onEvent: ({ type }) => received.push(type),
    onChange: () => undefined,
  });
  stream.open();
  const newest = () => {
    const connection = connections.at(-1);
    if (!connection) throw new Error('no connection was opened');
    return connection;
  };
  const deliver = (id: string) => newest().observer.onData({ id, data: { type: 'chat-followed' } });
  return { stream, connections, page, received, newest, deliver };
}

test('a lost connection is reopened with growing delays and continues after the last event', () => {
  const { stream, connections, newest, deliver } = play();
  newest().observer.onStarted();
  deliver('7.8');
  expect(stream.state).toBe('live');
  for (const waitMs of [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
    const known = connections.length;
    newest().observer.onConnectionStateChange({ state: 'connecting', error: new Error('disconnected') });
    expect(stream.state).toBe('reconnecting');
    expect(newest().isClosed).toBe(true);
    vi.advanceTimersByTime(waitMs * 0.75);
    expect(connections).toHaveLength(known);
    vi.advanceTimersByTime(waitMs * 0.25);
    expect(connections).toHaveLength(known + 1);
    expect(newest().input.lastEventId).toBe('7.8');
  }
});

test('ignores events of a connection that was replaced', () => {
  const { stream, connections, received, newest } = play();
  const [first] = connections;
  newest().observer.onConnectionStateChange({ state: 'connecting', error: new Error('disconnected') });
  vi.advanceTimersByTime(250);
  newest().observer.onStarted();
  first?.observer.onData({ id: '1.1', data: { type: 'chat-deleted' } });
  first?.observer.onError(new Error('late'));
  expect([received, stream.state, stream.hasCursor]).toEqual([[], 'live', false]);
});

test('replaces a connection that does not open in time', () => {
  const { connections } = play();
  vi.advanceTimersByTime(timings.streamOpeningMaxMs + 250);
  expect(connections.map(({ isClosed }) => isClosed)).toEqual([true, false]);
});

test('reopens a stream that the server ends normally', () => {
  const { connections, newest } = play();
  newest().observer.onStarted();
  newest().observer.onComplete();
  vi.advanceTimersByTime(250);
  expect(connections).toHaveLength(2);
});

test('waits for the Retry-After time of the server before it reconnects', async () => {
  const { connections, newest } = play();
  newest().observer.onError(new ParleyError('draining', '', { status: 503, retryAfterMs: 2_000 }));
  await vi.advanceTimersByTimeAsync(1_900);
  expect(connections).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(connections).toHaveLength(2);
});

test('reports a permanent error and connects again when the page changes its state', async () => {
  const { stream, connections, page, newest } = play();
  newest().observer.onError(new ParleyError('unauthorized', '', { status: 401 }));
  await vi.advanceTimersByTimeAsync(1_000);
  expect([connections.length, stream.error?.code]).toEqual([1, 'unauthorized']);
  page.setHidden(false);
  expect(connections).toHaveLength(2);
  newest().observer.onStarted();
  expect(stream.error).toBeUndefined();
});

test('reconnects at once when the network returns, even if the old connection seems open', () => {
  const { connections, page, newest } = play();
  newest().observer.onStarted();
  page.setOnline(false);
  expect(connections).toHaveLength(1);
  page.setOnline(true);
  expect(connections.map(({ isClosed }) => isClosed)).toEqual([true, false]);
});

test('closes the connection only if the page stays hidden', () => {
  const { connections, stream, page, newest } = play();
  newest().observer.onStarted();
  page.setHidden(true);
  vi.advanceTimersByTime(timings.hiddenMaxMs - 1);
  page.setHidden(false);
  vi.advanceTimersByTime(timings.hiddenMaxMs);
  expect([connections.length, stream.state]).toEqual([1, 'live']);
  page.setHidden(true);
  vi.advanceTimersByTime(timings.hiddenMaxMs);
  expect([newest().isClosed, stream.state]).toEqual([true, 'paused']);
});

test('a closed stream does not reconnect until it is opened again', () => {
  const { stream, connections, page } = play();
  stream.close();
  page.setOnline(false);
  page.setOnline(true);
  vi.advanceTimersByTime(60_000);
  expect([connections.length, stream.state]).toEqual([1, 'paused']);
  stream.open();
  expect(connections).toHaveLength(2);
});
