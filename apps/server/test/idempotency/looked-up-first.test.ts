import { ApiError } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { rest } from '../support/client.ts';
import { openStream } from '../support/event-stream.ts';
import { storedTurns } from '../support/stored-turns.ts';
import { shownText } from '../support/ui-message-stream.ts';

/*
 * A used key is looked up right after the authentication, because other checks may reject now what they accepted at
 * the first request.
 */

let noModel: ApiError | undefined;
const harness = await startHarness({
  bounds: { queuedTurnsPerChatMax: 0 },
  endpoint: () => {
    if (noModel) throw noModel;
    return { baseUrl: harness.model.baseUrl, apiKey: 'k', model: 'm1' };
  },
});
const { makeTeam, model, mongo, url, startReplica } = harness;
const team = await makeTeam();

const send = (chatId: string, content: string, base = url, more: object = {}) =>
  rest<{ id: string; content: string }>(base, 'POST', `/chat/${chatId}/message`, {
    key: team.secretKey,
    headers: { 'idempotency-key': 'k1' },
    body: { content, role: 'user', ...more },
  });

test('a request without authentication looks up no key', async () => {
  const { id: chatId } = await team.makeChat();
  await send(chatId, 'hello');
  const headers = { 'idempotency-key': 'k1', 'x-api-key': 'nobody' };
  const body = { content: 'hello', role: 'user' };
  const path = `/chat/${chatId}/message`;
  expect((await rest(url, 'POST', path, { headers, body })).status).toBe(401);
  const other = await makeTeam();
  const theirs = { 'idempotency-key': 'k1', 'x-api-key': other.secretKey };
  expect(await rest(url, 'POST', path, { headers: theirs, body })).toMatchObject({
    status: 404,
    apiError: { code: 'chat_not_found' },
  });
});

test('a repeat returns its answer while the model is unavailable', async () => {
  const { id: chatId } = await team.makeChat();
  const first = await send(chatId, 'hello');
  noModel = new ApiError('model_loading');
  const again = await send(chatId, 'hello');
  const fresh = await team.send(chatId, 'something new');
  noModel = undefined;
  expect(again.text).toBe(first.text);
  expect(fresh.apiError.code).toBe('model_loading');
});

test('a repeat returns its answer while the queue is full or the chat is busy', async () => {
  const { id: chatId } = await team.makeChat();
  const first = await send(chatId, 'hello', url, { onBusy: 'reject' });
  const gate = model.hold();
  const running = team.send(chatId, 'running');
  await model.callTo('running');
  expect((await team.send(chatId, 'too much')).apiError.code).toBe('queue_full');
  const again = await send(chatId, 'hello', url, { onBusy: 'reject' });
  expect(again.text).toBe(first.text);
  gate.release();
  await running;
});

describe('a server that shuts down', () => {
  test('a repeat returns its answer during a shutdown, and a new request is rejected', async () => {
    const replica = await startReplica();
    const { id: chatId } = await team.makeChat();
    const first = await send(chatId, 'hello', replica.url);
    await replica.composition.turns.drain(0);
    const again = await send(chatId, 'hello', replica.url);
    expect(again.status).toBe(200);
    expect(again.text).toBe(first.text);
    expect((await send(chatId, 'another', replica.url)).apiError.code).toBe('idempotency_key_reused');
    const { id: fresh } = await team.makeChat();
    expect((await send(fresh, 'hello', replica.url)).apiError.code).toBe('draining');
    expect(await storedTurns(mongo.raw, fresh)).toEqual([]);
  });
});

describe('repeated streams', () => {
  const stream = (chatId: string, content: string, base = url, key = 'k1') =>
    openStream(base, 'POST', `/chat/${chatId}/message`, {
      key: team.secretKey,
      headers: { 'idempotency-key': key },
      body: { content, role: 'user' },
    });

  test('a repeated stream joins a running answer and repeats an ended one event for event', async () => {
    const replica = await startReplica();
    const { id: chatId } = await team.makeChat();
    const gate = model.hold();
    const first = await stream(chatId, 'streamed');
    const [start] = await first.take(1);
    const joined = await stream(chatId, 'streamed', replica.url);
    gate.release();
    const received = [start, ...(await first.rest())];
    const late = await stream(chatId, 'streamed', replica.url);
    const waited = await send(chatId, 'streamed');
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    for (const again of [joined, late]) {
      expect(again.headers.get('idempotent-replayed')).toBe('true');
      const events = await again.rest();
      expect(events[0]).toEqual(start);
      expect(events.at(-2)).toEqual(received.at(-2));
      expect(shownText(events)).toBe(waited.body.content);
    }
    expect(waited.headers.get('idempotent-replayed')).toBe('true');
    expect(model.calls().filter(({ message }) => message === 'streamed')).toHaveLength(1);
    expect(await storedTurns(mongo.raw, chatId)).toHaveLength(1);
  });

  test('a repeated stream of a failed turn is the stream of a failed turn', async () => {
    const { id: chatId } = await team.makeChat();
    model.replyTo('fails streamed', (call) => call.status(401, {}));
    const first = await (await stream(chatId, 'fails streamed')).rest();
    const again = await stream(chatId, 'fails streamed');
    expect(again.status).toBe(200);
    expect(await again.rest()).toEqual(first);
    expect(first.at(-2)?.data).toContain('"type":"error"');
  });

  test('a repeated stream with another body returns 422 as JSON', async () => {
    const { id: chatId } = await team.makeChat();
    await (await stream(chatId, 'one')).rest();
    expect(await stream(chatId, 'two')).toMatchObject({
      status: 422,
      apiError: { code: 'idempotency_key_reused' },
    });
  });
});
