import './support/dom.ts';
import { act, waitFor } from '@testing-library/react';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startHarness } from '../../../apps/server/test/harness.ts';
import { storedTurns } from '../../../apps/server/test/support/stored-turns.ts';
import { type Send, toParleyError } from '../src/index.ts';
import { useChats, useCreateChat } from '../src/react/index.ts';
import { MemoryStorage } from './support/memory-storage.ts';
import { openClient, when } from './support/open-client.ts';
import { renderHooks } from './support/render.tsx';
import { isAtRest, linesOf } from './support/shown.ts';

/*
 * A client sends all requests as its current user, and keeps nothing of a former user.
 */

const { makeTeam, model, mongo, url } = await startHarness({ bounds: { tickMs: 20 } });
const team = await makeTeam();
const apiKey = await team.guestKey();
/** More than the accepted difference of clocks. */
const EXPIRED = -120;

const callsTo = (content: string) => model.calls().filter(({ message }) => message === content);
const namesIn = (storage: MemoryStorage) =>
  Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');

const isAccepted = ({ state }: Send) => state.kind === 'accepted';

/** The signed-in user of an app, with a record of the calls of its token source. */
function sourceOf(first: string) {
  const asked: (string | undefined)[] = [];
  const app = { user: first, lifeSeconds: 600, failure: undefined as Error | undefined, asked };
  const source = async (refused?: string) => {
    asked.push(refused);
    if (app.failure) throw app.failure;
    return team.userToken(app.user, app.lifeSeconds);
  };
  return Object.assign(app, { source });
}

describe('a user token', () => {
  test('a user token is sent with every kind of request, so the user reaches only their own chats', async () => {
    const token = await team.userToken('kinds');
    const client = openClient({ url, apiKey, userToken: token });
    const { parley, line } = client;
    const { id: foreign } = await team.makeChat({ userId: 'somebody' });
    const { id: chatId, userId } = await parley.trpc.chat.create.mutate({ agentId: team.agent.id });
    expect(userId).toBe('kinds');
    const open = client.open(chatId);
    parley.outbox.send({ chatId, content: 'hello' });
    await open.until(isAtRest(2));
    expect((await parley.trpc.chat.list.query({})).chats.map(({ id }) => id)).toEqual([chatId]);
    expect(await parley.trpc.chat.get.query({ chatId: foreign }).catch(toParleyError)).toMatchObject({
      code: 'chat_not_found',
    });
    parley.deletes.schedule(chatId);
    client.page.leave();
    await expect.poll(async () => (await team.rest('GET', `/chat/${chatId}`)).status).toBe(404);
    const kinds = ['chat.create', 'chat.follow', 'message.create', 'message.list', 'chat.delete'];
    expect(kinds.filter((kind) => line.to(kind).length === 0)).toEqual([]);
    expect(new Set(line.requests.map(({ headers }) => headers.get('x-user-token')))).toEqual(
      new Set([token]),
    );
    expect(line.requests.filter(({ path }) => path.includes(token))).toEqual([]);
  });

  test('a user token that has expired is renewed once for all concurrent requests', async () => {
    const app = sourceOf('expires');
    app.lifeSeconds = EXPIRED;
    const { parley, line } = openClient({
      url,
      apiKey,
      userToken: async (refused) => {
        const token = await app.source(refused);
        app.lifeSeconds = 600;
        return token;
      },
    });
    await Promise.all([
      parley.trpc.chat.create.mutate({ agentId: team.agent.id }),
      parley.trpc.chat.list.query({}),
      parley.trpc.agent.list.query({}),
    ]);
    expect(app.asked).toEqual([undefined, expect.stringContaining('.')]);
    // Two queries share a request, and each request is sent twice.
    expect(line.requests).toHaveLength(4);
    await parley.trpc.agent.list.query({});
    expect(app.asked).toHaveLength(2);
  });

  test('a user token is renewed for a stream, together with a rejected key', async () => {
    const [expired, good] = [await team.userToken('both', EXPIRED), await team.userToken('both')];
    const keys: (string | undefined)[] = [];
    const { id: chatId } = await team.makeChat({ userId: 'both' });
    await team.send(chatId, 'hello');
    const client = openClient({
      url,
      apiKey: async (refused) => {
        keys.push(refused);
        return refused === undefined ? 'pk_live_old' : apiKey;
      },
      userToken: async (refused) => (refused === undefined ? expired : good),
    });
    const open = client.open(chatId);
    expect(linesOf(await open.until(isAtRest(2)))).toEqual(['user: hello', 'answer: You said: hello']);
    await open.until(({ connection }) => connection === 'live');
    expect(keys).toEqual([undefined, 'pk_live_old']);
  });

  test('a user token is reported if the renewed token is rejected too', async () => {
    const app = sourceOf('never');
    app.lifeSeconds = EXPIRED;
    const { parley, line } = openClient({ url, apiKey, userToken: app.source });
    const error = await parley.trpc.chat.list.query({}).catch(toParleyError);
    expect(error).toMatchObject({ code: 'user_token_expired', status: 401, requestId: expect.any(String) });
    // A token of the same second is identical and not sent again.
    expect(app.asked).toHaveLength(2);
    expect(line.requests.length).toBeLessThanOrEqual(2);
  });
});

describe('a waiting message', () => {
  test('a message whose token expired waits for a new token, and is sent once', async () => {
    const app = sourceOf('waits');
    app.lifeSeconds = EXPIRED;
    const client = openClient({ url, apiKey, userToken: app.source });
    const { id: chatId } = await team.makeChat({ userId: 'waits' });
    const key = client.parley.outbox.send({ chatId, content: 'before the token expired' });
    const [waiting] = await client.untilSend(chatId, ([first]) => first?.state.kind === 'waiting');
    expect(waiting?.state).toMatchObject({ error: { code: 'user_token_expired' } });
    app.lifeSeconds = 600;
    await client.untilSend(chatId, ([first]) => first?.state.kind === 'accepted');
    const keys = client.line.to('message.create').map(({ headers }) => headers.get('idempotency-key'));
    expect(new Set(keys)).toEqual(new Set([key]));
    await expect.poll(() => callsTo('before the token expired')).toHaveLength(1);
    expect(await storedTurns(mongo.raw, chatId)).toHaveLength(1);
    expect(client.storage.length).toBe(0);
  });

  test('a message waits while the token source throws, and reports the message of the error', async () => {
    const app = sourceOf('late');
    app.failure = new Error('Sign in first.');
    const client = openClient({ url, apiKey, userToken: app.source });
    const { id: chatId } = await team.makeChat({ userId: 'late' });
    const open = client.open(chatId);
    client.parley.outbox.send({ chatId, content: 'signed out' });
    const [waiting] = await client.untilSend(chatId, ([first]) => first?.state.kind === 'waiting');
    expect(waiting?.state).toMatchObject({ error: { code: 'user_token_needed', message: 'Sign in first.' } });
    expect(await client.parley.trpc.agent.list.query({}).catch(toParleyError)).toMatchObject({
      code: 'user_token_needed',
      message: 'Sign in first.',
    });
    app.failure = undefined;
    expect(linesOf(await open.until(isAtRest(2)))).toEqual([
      'user: signed out',
      'answer: You said: signed out',
    ]);
    expect(callsTo('signed out')).toHaveLength(1);
  });

  test('a message waits behind the messages that were stored before a reload, even of the same millisecond', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const app = sourceOf('reloads');
    const storage = new MemoryStorage();
    const { id: chatId } = await team.makeChat({ userId: 'reloads' });
    const before = openClient({ url, apiKey, userToken: app.source, storage });
    await before.parley.trpc.agent.list.query({});
    before.line.down();
    before.parley.outbox.send({ chatId, content: 'first of a reload' });
    before.close();
    const client = openClient({ url, apiKey, userToken: app.source, storage });
    // The user is not known yet.
    expect(client.parley.outbox.sendsOf(chatId)).toEqual([]);
    client.parley.outbox.send({ chatId, content: 'second of a reload' });
    await client.untilSend(chatId, (sends) => sends.length === 2 && sends.every(isAccepted));
    const { messages } = await team.trpc.message.list.query({ chatId });
    expect(messages.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual([
      'first of a reload',
      'second of a reload',
    ]);
  });
});

describe('when the user changes', () => {
  test('the former user’s messages are neither shown nor sent until they return', async () => {
    const app = sourceOf('ada');
    const client = openClient({ url, apiKey, userToken: app.source });
    const { parley, line, storage } = client;
    const { id: chatId } = await team.makeChat({ userId: 'ada' });
    await team.send(chatId, 'a secret of ada');
    const open = client.open(chatId);
    await open.until(isAtRest(2));
    line.answer('message.create', () => new Response('', { status: 503 }));
    parley.outbox.send({ chatId, content: 'unsent of ada' });
    await client.untilSend(chatId, ([first]) => first?.state.kind === 'waiting');
    parley.deletes.schedule(chatId);

    app.user = 'grace';
    const asAda = line.requests.length;
    parley.forgetUser();
    expect(open.chat.view().entries).toEqual([]);
    expect(parley.outbox.sendsOf(chatId)).toEqual([]);
    expect(parley.deletes.hidden().size).toBe(0);
    await open.until(({ error }) => error?.code === 'chat_not_found');
    expect(open.chat.view().entries).toEqual([]);
    const later = line.requests.slice(asAda);
    expect(later.filter(({ path }) => /message\.create|chat\.delete/.test(path))).toEqual([]);
    expect(namesIn(storage)).toEqual([expect.stringContaining('ada')]);

    app.user = 'ada';
    parley.forgetUser();
    expect(linesOf(await open.until(isAtRest(4)))).toContain('user: unsent of ada');
    expect(callsTo('unsent of ada')).toHaveLength(1);
    expect(storage.length).toBe(0);
  });

  test('a listener that reads its chat again is not called in a loop', async () => {
    const app = sourceOf('rosa');
    const { parley } = openClient({ url, apiKey, userToken: app.source });
    const { id: chatId } = await team.makeChat({ userId: 'rosa' });
    await parley.trpc.agent.list.query({});
    let calls = 0;
    const stop = parley.chats.of(chatId).subscribe(() => {
      calls++;
      if (calls > 100) throw new Error('the listener is called again and again');
      parley.chats.of(chatId);
    });
    parley.forgetUser();
    stop();
    expect(calls).toBeLessThan(10);
  });

  test('the cache is cleared and lists are loaded again', async () => {
    const app = sourceOf('alan');
    const { parley } = openClient({ url, apiKey, userToken: app.source });
    const [mine, theirs] = [
      await team.makeChat({ userId: 'alan' }),
      await team.makeChat({ userId: 'alonzo' }),
    ];
    const { result } = renderHooks(parley, () => useChats());
    await waitFor(() => expect(result.current.chats.map(({ id }) => id)).toEqual([mine.id]));
    app.user = 'alonzo';
    act(() => parley.forgetUser());
    const cached = parley.queryClient.getQueryCache().getAll();
    expect(JSON.stringify(cached.map(({ state }) => state.data ?? null))).not.toContain(mine.id);
    await waitFor(() => expect(result.current.chats.map(({ id }) => id)).toEqual([theirs.id]));
  });

  test('the next token reveals a changed user without forgetUser, and no request is repeated as the new user', async () => {
    const app = sourceOf('linus');
    app.lifeSeconds = EXPIRED;
    const { parley, line } = openClient({
      url,
      apiKey,
      userToken: async (refused) => {
        const token = await app.source(refused);
        Object.assign(app, { user: 'edsger', lifeSeconds: 600 });
        return token;
      },
    });
    const here = parley.userSignal();
    const made = await parley.trpc.chat.create.mutate({ agentId: team.agent.id }).catch(toParleyError);
    expect(made).toMatchObject({ code: 'user_token_expired' });
    expect([line.requests.length, here.aborted]).toEqual([1, true]);
    expect((await parley.trpc.chat.list.query({})).chats).toEqual([]);
  });

  test('a running create request is aborted and not repeated as the new user', async () => {
    const app = sourceOf('ken');
    const { parley, line } = openClient({ url, apiKey, userToken: app.source });
    const { result } = renderHooks(parley, () => useCreateChat());
    await parley.trpc.agent.list.query({});
    line.down();
    await act(async () => {
      const making = result.current.create({ agentId: team.agent.id }).catch(toParleyError);
      await expect.poll(() => line.to('chat.create')).toHaveLength(1);
      app.user = 'dennis';
      parley.forgetUser();
      line.up();
      expect(await making).toMatchObject({ code: 'unknown' });
    });
    expect((await parley.trpc.chat.list.query({})).chats).toEqual([]);
    expect(line.to('chat.create')).toHaveLength(1);
  });

  test('each user finds only their own unsent messages after a reload', async () => {
    const storage = new MemoryStorage();
    const chats = new Map<string, string>();
    for (const user of ['barbara', 'frances']) {
      const { id: chatId } = await team.makeChat({ userId: user });
      chats.set(user, chatId);
      const client = openClient({ url, apiKey, userToken: sourceOf(user).source, storage });
      await client.parley.trpc.agent.list.query({});
      client.line.down();
      client.parley.outbox.send({ chatId, content: `unsent of ${user}` });
      client.close();
    }
    const client = openClient({ url, apiKey, userToken: sourceOf('frances').source, storage });
    await client.untilSend(chats.get('frances') ?? '', ([first]) => first?.state.kind === 'accepted');
    expect(client.parley.outbox.sendsOf(chats.get('barbara') ?? '')).toEqual([]);
    expect(namesIn(storage)).toEqual([expect.stringContaining('barbara')]);
    expect(callsTo('unsent of barbara')).toEqual([]);
  });
});

test('messages stored without a user are sent as the first user', async () => {
  const storage = new MemoryStorage();
  const { id: chatId } = await team.makeChat({ userId: 'upgraded' });
  const before = openClient({ url, apiKey: team.publishableKey, storage });
  before.line.down();
  const key = before.parley.outbox.send({ chatId, content: 'from before' });
  before.close();
  const client = openClient({ url, apiKey, userToken: await team.userToken('upgraded'), storage });
  const [send] = await when(
    (listener) => client.parley.outbox.subscribe(listener),
    () => client.parley.outbox.sendsOf(chatId),
    ([first]) => first?.state.kind === 'accepted',
  );
  expect(send?.key).toBe(key);
  expect(storage.length).toBe(0);
});
