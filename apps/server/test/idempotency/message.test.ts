import { scripts } from '@parley/agent/testing';
import type { Answer } from '@parley/contract';
import { casesOfForm, longTest } from '@parley/embedded/testing/form';
import { describe, expect, test } from 'vitest';
import { type OneAnswer, startHarness, type Team } from '../harness.ts';
import { type RestAnswer, rest } from '../support/client.ts';
import { storedTurns } from '../support/stored-turns.ts';
import { type Transport, transports } from '../support/transports.ts';
import { trpcHttp } from '../support/trpc-http.ts';

/*
 * A repeated request with its `Idempotency-Key` is not executed again: it joins the first one, or gets its outcome.
 */

const { makeTeam, model, mongo, url, startReplica } = await startHarness();
const replica = await startReplica();
const team = await makeTeam();

interface Sent {
  readonly chatId: string;
  readonly content?: string;
  readonly more?: object;
  readonly base?: string;
  readonly from?: Team;
}

/** Sends a message with a key over one of the transports. Returns the status, the body or error, and the header. */
async function send(transport: Transport, key: string, sent: Sent): Promise<RestAnswer<Answer>> {
  const { chatId, content = 'hello', more = {}, base = url, from = team } = sent;
  const headers = { 'x-api-key': from.secretKey, 'idempotency-key': key };
  const body = { content, role: 'user', ...more };
  return transport === 'rest'
    ? rest(base, 'POST', `/chat/${chatId}/message`, { headers, body })
    : trpcHttp(base, 'message.create', { chatId, ...body }, headers);
}

const isReplayed = ({ headers }: Pick<RestAnswer<unknown>, 'headers'>) => headers.get('idempotent-replayed');
const callsTo = (content: string) => model.calls().filter(({ message }) => message === content).length;

describe.each(casesOfForm(transports, 2))('POST message with a key over %s', (transport) => {
  test('a repeat after the end returns the same answer on any server, with a header that says so', async () => {
    const { id: chatId } = await team.makeChat();
    const content = `ended, ${transport}`;
    const first = await send(transport, 'k1', { chatId, content });
    expect(isReplayed(first)).toBeNull();
    for (const base of [url, replica.url, url]) {
      const again = await send(transport, 'k1', { chatId, content, base });
      expect(again.status).toBe(200);
      expect(again.text).toBe(first.text);
      expect(isReplayed(again)).toBe('true');
    }
    expect(await storedTurns(mongo.raw, chatId)).toHaveLength(1);
    expect(callsTo(content)).toBe(1);
  });

  test('fifty concurrent requests have one turn, one call of the model and one answer, and 49 are marked as repeats', async () => {
    const { id: chatId } = await team.makeChat();
    const content = `fifty, ${transport}`;
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        send(transport, 'k50', { chatId, content, base: index % 2 ? url : replica.url }),
      ),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.body).toMatchObject({ content: `You said: ${content}`, status: 'completed' });
    expect(answers.map(isReplayed).toSorted()).toEqual([...Array(49).fill('true'), null].toSorted());
    expect(await storedTurns(mongo.raw, chatId)).toHaveLength(1);
    expect(callsTo(content)).toBe(1);
  });

  test('a repeat during the answer waits for it and starts no other', async () => {
    const { id: chatId } = await team.makeChat();
    const content = `joined, ${transport}`;
    const gate = model.hold();
    const first = send(transport, 'k1', { chatId, content });
    await model.callTo(content);
    const again = send(transport, 'k1', { chatId, content, base: replica.url });
    const accepted = await send(transport, 'k1', { chatId, content, more: { wait: false } });
    expect(accepted).toMatchObject({ status: 200, body: { status: 'generating', content: '' } });
    gate.release();
    const [one, other] = await Promise.all([first, again]);
    expect(other.text).toBe(one.text);
    expect([isReplayed(one), isReplayed(other), isReplayed(accepted)]).toEqual([null, 'true', 'true']);
    expect(accepted.body.id).toBe(one.body.id);
    expect(callsTo(content)).toBe(1);
  });

  test('`wait` is not part of the request, so a repeat can fetch an answer without it', async () => {
    const { id: chatId } = await team.makeChat();
    const content = `fetched, ${transport}`;
    const first = await send(transport, 'k1', { chatId, content, more: { wait: false } });
    expect(first.body.status).toBe('generating');
    const again = await send(transport, 'k1', { chatId, content });
    expect(again.body).toMatchObject({ id: first.body.id, content: `You said: ${content}` });
    const late = await send(transport, 'k1', { chatId, content, more: { wait: false } });
    expect(late.body).toEqual(again.body);
  });

  test('a repeat of a failed request returns the same error and does not call the model', async () => {
    const { id: chatId } = await team.makeChat();
    const content = `failed, ${transport}`;
    model.replyTo(content, scripts.status(401));
    const first = await send(transport, 'k1', { chatId, content });
    expect(first).toMatchObject({ status: 502, apiError: { code: 'model_key_refused' } });
    for (const more of [{}, { wait: false }]) {
      const again = await send(transport, 'k1', { chatId, content, base: replica.url, more });
      expect(again.status).toBe(502);
      expect({ ...again.apiError, requestId: '' }).toEqual({ ...first.apiError, requestId: '' });
      expect(isReplayed(again)).toBe('true');
    }
    expect(callsTo(content)).toBe(1);
    // The failed message is retried, and not the key.
    const retried = await team.trpc.message.retry
      .mutate({
        chatId,
        messageId: first.apiError.messageId ?? '',
      })
      .catch(({ data }) => data.apiError.code as string);
    expect(retried).toBe('model_key_refused');
    expect((await send(transport, 'k1', { chatId, content })).apiError.messageId).toBe(
      first.apiError.messageId,
    );
  });

  test('a repeat of a stopped request returns the stopped answer', async () => {
    const { id: chatId } = await team.makeChat();
    const content = `stopped, ${transport}`;
    model.replyTo(content, scripts.neverEnding('kept'));
    const first = send(transport, 'k1', { chatId, content });
    const stream = await team.stream(chatId, content, { headers: { 'idempotency-key': 'k1' } });
    await stream.until(({ data }) => data.includes('kept'));
    const { answerId } = (await team.trpc.message.list.query({ chatId })).messages[0] ?? {};
    await team.trpc.message.cancel.mutate({ chatId, messageId: answerId ?? '' });
    const again = await send(transport, 'k1', { chatId, content });
    expect(again.body).toMatchObject({ content: 'kept', status: 'stopped' });
    expect((await first).text).toBe(again.text);
    await stream.rest();
  });

  test('a repeat after the chat was deleted returns 404 and does nothing', async () => {
    const { id: chatId } = await team.makeChat();
    const content = `deleted, ${transport}`;
    await send(transport, 'k1', { chatId, content });
    await team.rest('DELETE', `/chat/${chatId}`);
    const again = await send(transport, 'k1', { chatId, content });
    expect(again).toMatchObject({ status: 404, apiError: { code: 'chat_not_found' } });
    expect(callsTo(content)).toBe(1);
  });

  test.each([
    ['another text', { content: 'another' }],
    ['another `onBusy`', { more: { onBusy: 'reject' } }],
    ['an invalid text', { content: '' }],
    ['an unknown field', { more: { unknown: 1 } }],
    ['no role', { more: { role: undefined } }],
  ])('%s with a used key returns 422 and stores nothing', async (_, other) => {
    const { id: chatId } = await team.makeChat();
    await send(transport, 'k1', { chatId });
    const rejected = await send(transport, 'k1', { chatId, ...other });
    expect(rejected).toMatchObject({ status: 422, apiError: { code: 'idempotency_key_reused' } });
    expect(rejected.apiError).not.toHaveProperty('messageId');
    expect(await storedTurns(mongo.raw, chatId)).toHaveLength(1);
  });

  test.each([
    ['no characters', ''],
    ['256 characters', 'k'.repeat(256)],
    ['a blank', 'a b'],
    ['a letter beyond ASCII', 'clé'],
    ['two keys', 'k1, k2'],
  ])('a key with %s returns 400 with its name, before any other check', async (_, key) => {
    const { id: chatId } = await team.makeChat();
    for (const sent of [{ chatId }, { chatId: 'nope' }, { chatId, content: '' }]) {
      const rejected = await send(transport, key, sent);
      expect(rejected).toMatchObject({
        status: 400,
        apiError: { code: 'invalid_input', issues: [{ path: 'Idempotency-Key' }] },
      });
    }
    expect(await storedTurns(mongo.raw, chatId)).toEqual([]);
  });

  test.each([
    'k',
    'k'.repeat(255),
    '8e03978e-40d5-43e8-bc93-6894a57f9324',
    '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
  ])('%s is accepted as a key', async (key) => {
    const { id: chatId } = await team.makeChat();
    const first = await send(transport, key, { chatId });
    const again = await send(transport, key, { chatId });
    expect(first.status).toBe(200);
    expect(again.text).toBe(first.text);
  });

  test('a request that was rejected before its acceptance does not use up its key', async () => {
    const { id: chatId } = await team.makeChat();
    expect((await send(transport, 'k1', { chatId, content: '' })).status).toBe(400);
    expect((await send(transport, 'k1', { chatId: 'nope' })).status).toBe(404);
    const { status, headers } = await send(transport, 'k1', { chatId });
    expect(status).toBe(200);
    expect(headers.get('idempotent-replayed')).toBeNull();
  });
});

test('both transports share keys, so one repeats what the other began', async () => {
  const { id: chatId } = await team.makeChat();
  const byRest = await send('rest', 'k1', { chatId });
  const byTrpc = await send('trpc', 'k1', { chatId });
  expect(byTrpc.body).toEqual(byRest.body);
  expect(isReplayed(byTrpc)).toBe('true');
  expect((await send('trpc', 'k1', { chatId, content: 'other' })).status).toBe(422);
});

test('the order and formatting of the fields do not change the body', async () => {
  const { id: chatId } = await team.makeChat();
  const headers = {
    'x-api-key': team.secretKey,
    'idempotency-key': 'k1',
    'content-type': 'application/json',
  };
  const texts = [
    '{"content":"héllo","role":"user"}',
    '{ "role": "user", "content": "h\\u00e9llo" }',
    '{"content":"x","role":"user","content":"héllo"}',
  ];
  const answers = [];
  for (const rawBody of texts) {
    answers.push(await rest<Answer>(url, 'POST', `/chat/${chatId}/message`, { headers, rawBody }));
  }
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
});

longTest('concurrent retries with one key are one retry, and its error is repeated', async () => {
  const failed = await team.failed();
  const retry = ({ chatId, messageId }: OneAnswer, key: string) =>
    team.rest<Answer>('POST', `/chat/${chatId}/message/${messageId}/retry`, {
      headers: { 'idempotency-key': key },
    });
  const answers = await Promise.all(Array.from({ length: 10 }, () => retry(failed, 'k1')));
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(answers[0]?.status).toBe(200);
  expect(answers.map(isReplayed).filter(Boolean)).toHaveLength(9);
  expect(await storedTurns(mongo.raw, failed.chatId)).toHaveLength(2);
  // Another key makes another retry, of an answer that was retried already.
  expect((await retry(failed, 'k2')).apiError.code).toBe('not_retryable');
  // The same key for another answer is another request.
  const other = await team.failed();
  expect((await retry({ ...other, chatId: failed.chatId }, 'k1')).status).toBe(422);
  // Each operation has its own keys.
  expect((await send('rest', 'k1', { chatId: failed.chatId })).status).toBe(200);
});

test('an operation that begins nothing ignores a key', async () => {
  const { chatId, messageId } = await team.answered();
  const headers = { 'idempotency-key': 'not a key' };
  expect((await team.rest('GET', `/chat/${chatId}`, { headers })).status).toBe(200);
  const cancel = await team.rest('POST', `/chat/${chatId}/message/${messageId}/cancel`, { headers });
  expect(cancel.status).toBe(200);
  expect((await team.rest('DELETE', `/chat/${chatId}`, { headers })).status).toBe(204);
});
