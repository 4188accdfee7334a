import { ApiError } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { openStream } from '../support/event-stream.ts';
import { storedTurns } from '../support/stored-turns.ts';

/*
 * A stream begins after the message was accepted. Earlier rejections are JSON with their status, as without a stream.
 */

let noModel: ApiError | undefined;
const harness = await startHarness({
  endpoint: () => {
    if (noModel) throw noModel;
    return { baseUrl: harness.model.baseUrl, apiKey: 'k', model: 'm1' };
  },
});
const { makeTeam, model, mongo, url, startReplica } = harness;
const team = await makeTeam();

test.each([
  [400, 'invalid_input', 'no content', { body: { content: '' } }],
  [400, 'invalid_input', 'an unknown field', { body: { stream: true } }],
  [400, 'invalid_input', 'the chat in body and path', { body: { chatId: 'chat_x' } }],
  [400, 'invalid_input', 'a wrong idempotency key', { headers: { 'idempotency-key': 'a b' } }],
  [401, 'unauthorized', 'a wrong key', { headers: { 'x-api-key': 'nobody' } }],
] as const)('%i %s for %s is JSON, and nothing is stored', async (status, code, _, request) => {
  const { id: chatId } = await team.makeChat();
  const stream = await team.stream(chatId, 'hello', request);
  expect(stream).toMatchObject({ status, apiError: { code } });
  expect(stream.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(await storedTurns(mongo.raw, chatId)).toEqual([]);
});

test('400 malformed_request and 415 are JSON', async () => {
  const { id: chatId } = await team.makeChat();
  const headers = { accept: 'text/event-stream', 'content-type': 'application/json' };
  const path = `/chat/${chatId}/message`;
  const broken = await team.rest('POST', path, { rawBody: '{"content":', headers });
  expect(broken).toMatchObject({ status: 400, apiError: { code: 'malformed_request' } });
  const form = { ...headers, 'content-type': 'application/x-www-form-urlencoded' };
  const other = await team.rest('POST', path, { rawBody: 'content=x', headers: form });
  expect(other).toMatchObject({ status: 415, apiError: { code: 'unsupported_media_type' } });
  const query = await team.rest('POST', `${path}?stream=1`, {
    body: { content: 'x', role: 'user' },
    headers,
  });
  expect(query).toMatchObject({ status: 400, apiError: { code: 'invalid_input' } });
});

test('a missing chat and a chat of another team return 404 as JSON', async () => {
  const theirs = await (await makeTeam()).makeChat();
  for (const chatId of [theirs.id, 'nope']) {
    expect(await team.stream(chatId, 'hello')).toMatchObject({
      status: 404,
      apiError: { code: 'chat_not_found' },
    });
  }
});

test('a busy chat returns 409 as JSON if the message asks for it', async () => {
  const { id: chatId } = await team.makeChat();
  const gate = model.hold();
  const first = await team.stream(chatId, 'one');
  await first.take(1);
  expect(await team.stream(chatId, 'two', { body: { onBusy: 'reject' } })).toMatchObject({
    status: 409,
    apiError: { code: 'chat_busy' },
  });
  gate.release();
  await first.rest();
});

describe('503 instead of a stream', () => {
  test('a stream returns 503 as JSON while the model is unavailable', async () => {
    const { id: chatId } = await team.makeChat();
    noModel = new ApiError('model_loading');
    const stream = await team.stream(chatId, 'hello');
    noModel = undefined;
    expect(stream).toMatchObject({ status: 503, apiError: { code: 'model_loading' } });
    expect(stream.headers.get('retry-after')).toBe('5');
  });

  test('every stream returns 503 as JSON while the server shuts down', async () => {
    const replica = await startReplica();
    const { chatId, messageId } = await team.answered();
    await replica.composition.turns.drain(0);
    const open = (method: string, path: string, body?: object) =>
      openStream(replica.url, method, path, { key: team.secretKey, body });
    const answers = [
      await open('POST', `/chat/${chatId}/message`, { content: 'hello', role: 'user' }),
      await open('GET', `/chat/${chatId}/message/${messageId}/stream`),
      await open('GET', `/chat/${chatId}/events`),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 503, apiError: { code: 'draining' } });
      expect(answer.headers.get('retry-after')).toBe('2');
    }
    // The id of an existing answer, which another server can stream.
    expect(answers.map((answer) => answer.apiError?.messageId)).toEqual([undefined, messageId, undefined]);
    expect((await openStream(url, 'GET', `/chat/${chatId}/stream`, { key: team.secretKey })).status).toBe(
      204,
    );
  });
});
