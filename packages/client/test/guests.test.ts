import type { Chat } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../../../apps/server/test/harness.ts';
import { guestToken, toParleyError } from '../src/index.ts';
import { MemoryStorage } from './support/memory-storage.ts';
import { openClient } from './support/open-client.ts';
import { isAtRest, linesOf } from './support/shown.ts';

/*
 * Anonymous visitors keep their chats as long as their browser keeps its storage, and longer once they sign
 * in.
 */

const { makeTeam, mongo, url } = await startHarness({ bounds: { tickMs: 20 } });
const team = await makeTeam();
const apiKey = await team.guestKey();
const guestsMade = () => mongo.raw.collection('guests').countDocuments();

describe('guestToken', () => {
  test('creates one guest per browser for all pages, and finds it again', async () => {
    const before = await guestsMade();
    const storage = new MemoryStorage();
    const pages = [guestToken({ url, apiKey, storage }), guestToken({ url, apiKey, storage })];
    const first = openClient({ url, apiKey, userToken: pages[0] ?? '' });
    const { id } = await first.parley.trpc.chat.create.mutate({ agentId: team.agent.id });
    const second = openClient({ url, apiKey, userToken: pages[1] ?? '' });
    expect((await second.parley.trpc.chat.list.query({})).chats.map((chat) => chat.id)).toEqual([id]);
    const later = openClient({ url, apiKey, userToken: guestToken({ url: `${url}/`, apiKey, storage }) });
    expect((await later.parley.trpc.chat.list.query({})).chats.map((chat) => chat.id)).toEqual([id]);
    expect((await guestsMade()) - before).toBe(1);
    const other = openClient({
      url,
      apiKey,
      userToken: guestToken({ url, apiKey, storage: new MemoryStorage() }),
    });
    expect((await other.parley.trpc.chat.list.query({})).chats).toEqual([]);
  });

  test('creates one guest for tabs that open at the same time', async () => {
    const before = await guestsMade();
    const storage = new MemoryStorage();
    const tabs = [1, 2, 3].map(() => guestToken({ url, apiKey, storage }));
    const tokens = await Promise.all(tabs.map((token) => token()));
    expect([new Set(tokens).size, (await guestsMade()) - before]).toEqual([1, 1]);
  });

  test('keeps the guest as long as the page without a storage', async () => {
    const source = guestToken({ url, apiKey, storage: null });
    expect(await source()).toBe(await source());
    expect(source.kept()).toBe(await source());
  });

  test('keeps the guest after the key was rolled', async () => {
    const storage = new MemoryStorage();
    const token = await guestToken({ url, apiKey, storage })();
    const { body } = await team.rest<{ keys: { id: string; visibleStart: string }[] }>('GET', '/key');
    const { id } = body.keys.find(({ visibleStart }) => apiKey.startsWith(visibleStart)) ?? {};
    const rolled = await team.rest<{ key: string }>('POST', `/key/${id}/roll`);
    const source = guestToken({ url, apiKey: rolled.body.key, storage });
    expect(await source()).toBe(token);
  });

  test('creates a new guest if the stored one belongs to another key or was deleted', async () => {
    const storage = new MemoryStorage();
    const foreign = await guestToken({ url, apiKey, storage })();
    const further = await team.rest<{ key: string }>('POST', '/key', {
      body: { kind: 'publishable', access: 'guest' },
    });
    const source = guestToken({ url, apiKey: further.body.key, storage });
    const client = openClient({ url, apiKey: further.body.key, userToken: source });
    // The first request belongs to the former guest and is not repeated as the new one.
    expect(await client.parley.trpc.chat.list.query({}).catch(toParleyError)).toMatchObject({
      code: 'user_token_invalid',
    });
    expect((await client.parley.trpc.chat.list.query({})).chats).toEqual([]);
    expect(await source()).not.toBe(foreign);
    expect(await guestToken({ url, apiKey, storage })()).toBe(foreign);
  });

  test('rejects a key without guest access and an unreachable server', async () => {
    const open = guestToken({ url, apiKey: team.publishableKey, storage: null });
    expect(await open().catch(toParleyError)).toMatchObject({ code: 'guest_key_needed' });
    const nowhere = guestToken({ url: 'http://127.0.0.1:1', apiKey, storage: null });
    expect(await nowhere().catch(toParleyError)).toMatchObject({ code: 'network' });
  });
});

test('a guest who signs in keeps their chats and unsent messages', async () => {
  const storage = new MemoryStorage();
  const guest = guestToken({ url, apiKey, storage });
  const app: { user: string | undefined } = { user: undefined };
  const userToken = (refused?: string) =>
    app.user === undefined ? guest(refused) : team.userToken(app.user);
  const client = openClient({ url, apiKey, userToken, storage });
  const { parley } = client;
  const chat: Chat = await parley.trpc.chat.create.mutate({ agentId: team.agent.id });
  const open = client.open(chat.id);
  parley.outbox.send({ chatId: chat.id, content: 'as a guest' });
  await open.until(isAtRest(2));
  client.line.answer('message.create', () => new Response('', { status: 503 }));
  parley.outbox.send({ chatId: chat.id, content: 'not sent yet' });
  await client.untilSend(chat.id, ([first]) => first?.state.kind === 'waiting');

  app.user = 'ada';
  parley.forgetUser();
  const token = guest.kept() ?? '';
  expect(await parley.claimGuest(token)).toEqual({ userId: 'ada', guestId: chat.userId });
  guest.forget();
  expect(linesOf(await open.until(isAtRest(4)))).toEqual([
    'user: as a guest',
    'answer: You said: as a guest',
    'user: not sent yet',
    'answer: You said: not sent yet',
  ]);
  expect((await parley.trpc.chat.list.query({})).chats).toMatchObject([{ id: chat.id, userId: 'ada' }]);
  expect(storage.length).toBe(0);
  expect(guest.kept()).toBeUndefined();
});
