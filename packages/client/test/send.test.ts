import { describe, expect, test } from 'vitest';
import { startHarness } from '../../../apps/server/test/harness.ts';
import { storedTurns } from '../../../apps/server/test/support/stored-turns.ts';
import { openClient } from './support/open-client.ts';
import { expectShowsList, isAtRest, linesOf } from './support/shown.ts';
import { TestPage } from './support/test-page.ts';

/*
 * Messages must be accepted exactly once and in order, however often they are sent.
 */

const { makeTeam, model, mongo, url } = await startHarness({ bounds: { tickMs: 20 } });
const team = await makeTeam();
const newClient = () => openClient({ url, apiKey: team.publishableKey });
const callsTo = (content: string) => model.calls().filter(({ message }) => message === content);
const keysOf = (client: ReturnType<typeof newClient>) =>
  client.line.to('message.create').map(({ headers }) => headers.get('idempotency-key'));

test('shows a message at once, keeps its key when it is accepted, and shows its answer', async () => {
  const client = newClient();
  const { id: chatId } = await team.makeChat();
  const open = client.open(chatId);
  const key = client.parley.outbox.send({ chatId, content: 'hello' });
  const [first] = (await open.until(({ entries }) => entries.length > 0)).entries;
  expect(first).toMatchObject({ kind: 'user', key, content: 'hello', send: { key } });
  const view = await open.until(isAtRest(2));
  expect(linesOf(view)).toEqual(['user: hello', 'answer: You said: hello']);
  expect(view.entries[0]?.key).toBe(key);
  await expectShowsList(team, chatId, view);
  for (const { entries } of open.history) {
    expect(entries.filter(({ kind }) => kind === 'user').length).toBeLessThanOrEqual(1);
  }
  expect(client.parley.outbox.sendsOf(chatId)).toEqual([]);
  expect(client.storage.length).toBe(0);
});

describe('a message that is sent again under its key', () => {
  test.each(['a lost response', 'a lost request'])(
    'creates one turn and one model call after %s',
    async (what) => {
      const client = newClient();
      const { id: chatId } = await team.makeChat();
      const open = client.open(chatId);
      const content = `after ${what}`;
      for (let times = 0; times < 3; times++) {
        if (what.startsWith('a lost response')) client.line.loseAnswer('message.create');
        else client.line.loseRequest('message.create');
      }
      const key = client.parley.outbox.send({ chatId, content });
      await client.untilSend(chatId, (sends) => sends.length === 0);
      await expectShowsList(team, chatId, await open.until(isAtRest(2)));
      expect(keysOf(client)).toEqual([key, key, key, key]);
      expect(await storedTurns(mongo.raw, chatId)).toHaveLength(1);
      expect(callsTo(content)).toHaveLength(1);
    },
  );

  test('a message is shown once if the chat reports it before the response', async () => {
    const client = newClient();
    const { id: chatId } = await team.makeChat();
    const open = client.open(chatId);
    await open.until(({ connection, isLoading }) => connection === 'live' && !isLoading);
    const { promise, resolve } = Promise.withResolvers<void>();
    client.line.fail('message.create', async (deliver) => {
      const response = await deliver();
      await promise;
      return response;
    });
    const key = client.parley.outbox.send({ chatId, content: 'slow to be accepted' });
    const view = await open.until(({ entries, running }) => entries.length === 2 && !running);
    expect(client.parley.outbox.sendsOf(chatId)).toMatchObject([{ key, state: { kind: 'sending' } }]);
    expect(view.entries[0]).toMatchObject({ key, messageId: expect.any(String) });
    resolve();
    await client.untilSend(chatId, (sends) => sends.length === 0);
    await expectShowsList(team, chatId, await open.until(isAtRest(2)));
    for (const { entries } of open.history) expect(entries.length).toBeLessThanOrEqual(2);
  });

  test('creates one turn after a reload', async () => {
    const before = newClient();
    const { id: chatId } = await team.makeChat();
    before.line.loseAnswer('message.create');
    before.line.fail('message.create', () => new Promise(() => undefined));
    const key = before.parley.outbox.send({ chatId, content: 'reloaded' });
    await before.untilSend(chatId, ([send]) => send?.state.kind === 'waiting');
    before.close();
    expect(before.storage.length).toBe(1);

    const after = openClient({ url, apiKey: team.publishableKey, storage: before.storage });
    const open = after.open(chatId);
    const view = await open.until(isAtRest(2));
    await expectShowsList(team, chatId, view);
    expect(view.entries[0]?.key).toBe(key);
    expect(keysOf(after)).toEqual([key]);
    expect(await storedTurns(mongo.raw, chatId)).toHaveLength(1);
    expect(callsTo('reloaded')).toHaveLength(1);
    expect(after.storage.length).toBe(0);
  });

  test('creates one turn if two tabs send it from the same storage', async () => {
    const before = newClient();
    const { id: chatId } = await team.makeChat();
    before.line.down();
    before.parley.outbox.send({ chatId, content: 'in two tabs' });
    before.close();
    const tabs = [0, 1].map(() => openClient({ url, apiKey: team.publishableKey, storage: before.storage }));
    for (const tab of tabs) await expectShowsList(team, chatId, await tab.open(chatId).until(isAtRest(2)));
    expect(await storedTurns(mongo.raw, chatId)).toHaveLength(1);
  });
});

test('a tab does not send a stored message that another tab discarded', async () => {
  const before = newClient();
  const { id: chatId } = await team.makeChat();
  before.line.down();
  const key = before.parley.outbox.send({ chatId, content: 'think again' });
  await before.untilSend(chatId, ([send]) => send?.state.kind === 'waiting');
  const page = new TestPage();
  page.setOnline(false);
  const { storage } = before;
  const after = openClient({
    url: 'http://127.0.0.1:1',
    apiKey: team.publishableKey,
    storage,
    page,
    timings: { firstResendMs: 60_000 },
  });
  await after.untilSend(chatId, ([send]) => send?.state.kind === 'offline');
  await expect.poll(() => before.parley.outbox.discard(key)).toBe('think again');
  after.line.leadTo(url);
  page.setOnline(true);
  await after.untilSend(chatId, (sends) => sends.length === 0);
  expect(await storedTurns(mongo.raw, chatId)).toEqual([]);
});

test('sends the messages of a chat one at a time and in order, even if the first is delayed', async () => {
  const client = newClient();
  const { id: chatId } = await team.makeChat();
  const open = client.open(chatId);
  client.line.loseRequest('message.create');
  client.line.loseAnswer('message.create');
  const contents = ['one', 'two', 'three', 'two', 'four'];
  const keys = contents.map((content) => client.parley.outbox.send({ chatId, content }));
  const view = await open.until(isAtRest(10));
  await expectShowsList(team, chatId, view);
  expect(linesOf(view).filter((line) => line.startsWith('user'))).toEqual(
    contents.map((text) => `user: ${text}`),
  );
  expect(view.entries.filter(({ kind }) => kind === 'user').map(({ key }) => key)).toEqual(keys);
  expect(keysOf(client)).toEqual([keys[0], keys[0], ...keys]);
});

test('keeps messages while offline and sends them when the network returns', async () => {
  const client = openClient({ url, apiKey: team.publishableKey, timings: { firstResendMs: 60_000 } });
  const { id: chatId } = await team.makeChat();
  client.line.down();
  client.page.setOnline(false);
  client.parley.outbox.send({ chatId, content: 'in the tunnel' });
  client.parley.outbox.send({ chatId, content: 'still in it' });
  await client.untilSend(chatId, (sends) => sends.every(({ state }) => state.kind === 'offline'));
  client.line.up();
  client.page.setOnline(true);
  const open = client.open(chatId);
  await expectShowsList(team, chatId, await open.until(isAtRest(4)));
  expect(await storedTurns(mongo.raw, chatId)).toHaveLength(2);
});

test('sends messages even if the device reports to be offline', async () => {
  const client = newClient();
  const { id: chatId } = await team.makeChat();
  client.page.setOnline(false);
  client.parley.outbox.send({ chatId, content: 'not so offline' });
  await client.untilSend(chatId, ([send]) => send?.state.kind === 'accepted');
});

describe('a permanently rejected message', () => {
  test('a permanently rejected message has an error, does not block later messages, and returns its content', async () => {
    const client = newClient();
    const { id: chatId } = await team.makeChat();
    const content = 'x'.repeat(32_001);
    const key = client.parley.outbox.send({ chatId, content });
    client.parley.outbox.send({ chatId, content: 'short enough' });
    const open = client.open(chatId);
    const view = await open.until(({ entries, running }) => entries.length === 3 && !running);
    expect(view.entries[2]).toMatchObject({
      send: { state: { kind: 'refused', error: { code: 'invalid_input', status: 400 } } },
    });
    expect(client.storage.length).toBe(1);
    expect(client.parley.outbox.discard(key)).toBe(content);
    await expectShowsList(team, chatId, await open.until(isAtRest(2)));
    expect(client.storage.length).toBe(0);
    expect(client.parley.outbox.discard(key)).toBeUndefined();
  });

  test('a permanently rejected message can be sent again under the same key', async () => {
    const client = newClient();
    const { id: chatId } = await team.makeChat();
    client.line.answer('message.create', () => apiError('internal_error', 404));
    const key = client.parley.outbox.send({ chatId, content: 'twice if must be' });
    await client.untilSend(chatId, ([send]) => send?.state.kind === 'refused');
    client.parley.outbox.resend(key);
    await client.untilSend(chatId, ([send]) => send?.state.kind === 'accepted');
    expect(keysOf(client)).toEqual([key, key]);
  });

  test('a permanently rejected message is not stored if its chat was deleted', async () => {
    const client = newClient();
    const { id: chatId } = await team.makeChat();
    await team.trpc.chat.delete.mutate({ chatId });
    client.parley.outbox.send({ chatId, content: 'too late' });
    const [send] = await client.untilSend(chatId, ([first]) => first?.state.kind === 'refused');
    expect(send?.state).toMatchObject({ error: { code: 'chat_not_found', status: 404 } });
    expect(client.storage.length).toBe(0);
  });
});

test('accepts the message if its answer failed while the response was lost', async () => {
  const client = newClient();
  const { id: chatId } = await team.makeChat();
  model.replyTo('fails at once', (call) => call.status(401, { error: { message: 'no', type: 't' } }));
  const failed = Promise.withResolvers<void>();
  client.line.loseAnswer('message.create');
  client.line.fail('message.create', async (deliver) => {
    await failed.promise;
    return deliver();
  });
  const key = client.parley.outbox.send({ chatId, content: 'fails at once' });
  const open = client.open(chatId);
  await open.until(({ entries }) =>
    entries.some((entry) => entry.kind === 'answer' && entry.status === 'failed'),
  );
  failed.resolve();
  await client.untilSend(chatId, (sends) => sends.length === 0);
  const view = await open.until(isAtRest(2));
  expect(view.entries).toMatchObject([
    { key },
    { status: 'failed', errorCode: 'model_key_refused', content: '' },
  ]);
  await expectShowsList(team, chatId, view);
});

test('retries after the error page of a gateway', async () => {
  const client = newClient();
  const { id: chatId } = await team.makeChat();
  client.line.answer('message.create', () => new Response('<h1>Bad gateway</h1>', { status: 502 }));
  client.line.answer('message.create', () => new Response('slow down', { status: 429 }));
  client.parley.outbox.send({ chatId, content: 'through a proxy' });
  const [waiting] = await client.untilSend(chatId, ([send]) => send?.state.kind === 'waiting');
  expect(waiting?.state).toMatchObject({ error: { code: 'network', status: 502 } });
  await client.untilSend(chatId, ([send]) => send?.state.kind === 'accepted');
});

/** An error response in tRPC's shape that the real server would not send here. */
function apiError(code: string, status: number): Response {
  const data = { httpStatus: status, apiError: { code, message: 'No.', error: 'No', requestId: 'req_1' } };
  return Response.json({ error: { message: 'No.', code: -32_600, data } }, { status });
}
