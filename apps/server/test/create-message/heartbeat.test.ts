import { createGate } from '@parley/agent/testing';
import { limits } from '@parley/contract';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startHarness } from '../harness.ts';
import { openStream } from '../support/event-stream.ts';
import { isPart, shownText } from '../support/ui-message-stream.ts';

/* A silent stream sends comments, because proxies cut connections that are silent for 30 to 60 seconds. */

const { makeTeam, model, url } = await startHarness();
const team = await makeTeam();

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

test('a silent answer sends a comment every ten seconds, which is no event and no text', async () => {
  const { id: chatId } = await team.makeChat();
  const gate = createGate();
  model.replyTo('think long', async (call) => {
    call.text('Hm.');
    await gate.released;
    call.finish();
  });
  const stream = await team.stream(chatId, 'think long');
  const events = await stream.until(isPart('text-delta'));
  expect(stream.comments).toEqual([]);
  for (let beat = 1; beat <= 3; beat++) {
    vi.advanceTimersByTime(limits.heartbeatMs - 1);
    expect(stream.comments).toHaveLength(beat - 1);
    vi.advanceTimersByTime(1);
    expect(await stream.nextComment()).toBe('ping');
  }
  gate.release();
  events.push(...(await stream.rest()));
  expect(shownText(events)).toBe('Hm.');
});

test('an idle chat stream sends a comment every ten seconds', async () => {
  const { id: chatId } = await team.makeChat();
  const stream = await openStream(url, 'GET', `/chat/${chatId}/events`, { key: team.secretKey });
  await stream.take(1);
  vi.advanceTimersByTime(limits.heartbeatMs);
  expect(await stream.nextComment()).toBe('ping');
  stream.close();
});

test('an ended stream sends no more comments', async () => {
  const { id: chatId } = await team.makeChat();
  const before = vi.getTimerCount();
  await (await team.stream(chatId, 'hello')).rest();
  expect(vi.getTimerCount()).toBe(before);
});

test('a stream whose client has disconnected sends no more comments while its model is silent', async () => {
  const { id: chatId } = await team.makeChat();
  model.replyTo('silent', (call) => call.open());
  const before = vi.getTimerCount();
  const stream = await team.stream(chatId, 'silent');
  await stream.take(1);
  await model.callTo('silent');
  // The stream's heartbeat, and the check of the credentials of all open streams.
  expect(vi.getTimerCount()).toBe(before + 2);
  stream.close();
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(before));
});
