import './support/dom.ts';
import { scripts } from '@parley/agent/testing';
import { act, renderHook, waitFor } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../../../apps/server/test/harness.ts';
import {
  trpc,
  useChat,
  useChats,
  useConnection,
  useCreateChat,
  useDeleteChat,
  useFeedback,
  useMessageSearch,
  useMessages,
  useParley,
  useSendMessage,
} from '../src/react/index.ts';
import { openClient } from './support/open-client.ts';
import { renderHooks } from './support/render.tsx';
import { linesOf } from './support/shown.ts';

const { makeTeam, model, url } = await startHarness({ bounds: { tickMs: 20 } });
const team = await makeTeam();
const newClient = () => openClient({ url, apiKey: team.publishableKey });

describe('useChats', () => {
  test('useChats loads the chats of a user page by page, newest first', async () => {
    const userId = 'pages';
    const made = [];
    for (let index = 0; index < 5; index++) made.push(await team.makeChat({ userId }));
    const client = newClient();
    const { result } = renderHooks(client.parley, () => useChats({ userId, limit: 2 }));
    expect(result.current).toMatchObject({ chats: [], isLoading: true, hasMore: false });
    await waitFor(() => expect(result.current.chats).toHaveLength(2));
    while (result.current.hasMore) {
      const known = result.current.chats.length;
      act(() => result.current.loadMore());
      await waitFor(() => expect(result.current.chats.length).toBeGreaterThan(known));
    }
    expect(result.current.chats.map(({ id }) => id)).toEqual(made.map(({ id }) => id).reverse());
    expect(result.current.error).toBeUndefined();
  });

  test('useChats finds chats by the words of their titles', async () => {
    const { id } = await team.makeChat({ userId: 'searches' });
    await team.makeChat({ userId: 'searches' });
    await team.send(id, 'Where is the lighthouse of Alexandria?');
    const client = newClient();
    const { result } = renderHooks(client.parley, () =>
      useChats({ userId: 'searches', search: ' lightho ' }),
    );
    await waitFor(() => expect(result.current.chats).toMatchObject([{ id }]));
    expect(result.current.chats[0]?.title).toContain('lighthouse');
  });

  test('useChats reports the error if nothing can be loaded', async () => {
    const { parley } = openClient({ url, apiKey: 'pk_live_nobody' });
    const { result } = renderHooks(parley, () => useChats());
    await waitFor(() => expect(result.current.error).toMatchObject({ code: 'unauthorized' }));
    expect(result.current.isLoading).toBe(false);
  });
});

describe('useMessageSearch', () => {
  const found = (text: string) =>
    expect.poll(async () => (await team.trpc.message.search.query({ q: text })).results.length);

  test('useMessageSearch finds messages page by page, newest first', async () => {
    const { id } = await team.makeChat();
    for (let index = 0; index < 25; index++) await team.send(id, `Pelargonium number ${index}`);
    await found('pelargonium').toBe(20);
    await found('pelargonium 24').toBe(1);
    const { result } = renderHooks(newClient().parley, () => useMessageSearch(' pelargonium '));
    expect(result.current).toMatchObject({ results: [], isLoading: true, hasMore: false });
    await waitFor(() => expect(result.current).toMatchObject({ isLoading: false, hasMore: true }));
    expect(result.current.results).toHaveLength(20);
    expect(result.current.results[0]).toMatchObject({ chatId: id, title: 'Pelargonium number 0' });
    act(() => result.current.loadMore());
    await waitFor(() => expect(result.current.results).toHaveLength(25));
    expect(result.current.hasMore).toBe(false);
  });

  test('useMessageSearch keeps its results until those of a new text are there, and aborts the old request', async () => {
    const { id } = await team.makeChat();
    await team.send(id, 'Geraniums and begonias');
    await found('begonias').toBe(1);
    const client = newClient();
    let text = 'geraniums';
    const { result, rerender } = renderHooks(client.parley, () => useMessageSearch(text));
    await waitFor(() => expect(result.current.results).toHaveLength(1));
    client.line.fail('message.search', () => new Promise(() => undefined));
    text = 'gera';
    rerender();
    expect(result.current).toMatchObject({ isLoading: true, results: [{ chatId: id }] });
    await waitFor(() => expect(client.line.to('message.search')).toHaveLength(2));
    text = 'nothing';
    rerender();
    await waitFor(() => expect(result.current).toMatchObject({ isLoading: false, results: [] }));
    expect(client.line.to('message.search')[1]?.init.signal?.aborted).toBe(true);
    text = ' ';
    rerender();
    expect(result.current).toMatchObject({ isLoading: false, results: [], hasMore: false });
    expect(client.line.to('message.search')).toHaveLength(3);
  });

  test('useMessageSearch leaves out hidden chats, and reports errors', async () => {
    const { id } = await team.makeChat();
    await team.send(id, 'Rhododendron');
    await found('rhododendron').toBe(1);
    const { result } = renderHooks(newClient().parley, () => ({
      search: useMessageSearch('rhododendron'),
      remove: useDeleteChat(),
    }));
    await waitFor(() => expect(result.current.search.results).toHaveLength(1));
    act(() => result.current.remove.remove(id));
    expect(result.current.search.results).toEqual([]);
    act(() => void result.current.remove.undo(id));
    expect(result.current.search.results).toHaveLength(1);
    const { parley } = openClient({ url, apiKey: 'pk_live_nobody' });
    const refused = renderHooks(parley, () => useMessageSearch('word'));
    await waitFor(() => expect(refused.result.current.error).toMatchObject({ code: 'unauthorized' }));
  });
});

test('useCreateChat adds one chat to the list at once, even if the first response is lost', async () => {
  const userId = 'creates';
  const client = newClient();
  const { result } = renderHooks(client.parley, () => ({
    list: useChats({ userId }),
    make: useCreateChat(),
  }));
  await waitFor(() => expect(result.current.list.isLoading).toBe(false));
  client.line.loseAnswer('chat.create');
  client.line.fail('chat.list', () => new Promise(() => undefined));
  const chat = await act(() => result.current.make.create({ agentId: team.agent.id, userId }));
  await waitFor(() => expect(result.current.list.chats).toMatchObject([{ id: chat.id, userId }]));
  const { chats } = await team.trpc.chat.list.query({ userId });
  expect(chats).toHaveLength(1);
  await act(async () => {
    const creating = result.current.make.create({ agentId: 'agent_none' });
    await expect(creating).rejects.toMatchObject({ name: 'ParleyError', code: 'agent_not_found' });
  });
  await waitFor(() => expect(result.current.make.error).toMatchObject({ code: 'agent_not_found' }));
});

test('useDeleteChat hides a chat at once and shows it again after an undo', async () => {
  const userId = 'removes';
  const { id } = await team.makeChat({ userId });
  const client = newClient();
  const { result } = renderHooks(client.parley, () => ({
    list: useChats({ userId }),
    remove: useDeleteChat(),
  }));
  await waitFor(() => expect(result.current.list.chats).toHaveLength(1));
  act(() => result.current.remove.remove(id));
  expect(result.current).toMatchObject({ list: { chats: [] }, remove: { pending: [id] } });
  act(() => void result.current.remove.undo(id));
  expect(result.current).toMatchObject({ list: { chats: [{ id }] }, remove: { pending: [] } });
  act(() => result.current.remove.remove(id));
  act(() => client.page.leave());
  await waitFor(async () => expect((await team.rest('GET', `/chat/${id}`)).status).toBe(404));
  await act(async () => result.current.list.refresh());
  expect(result.current.list.chats).toEqual([]);
});

describe('useChat', () => {
  test('useChat shows the initial title and a changed title, in the list too', async () => {
    const userId = 'titles';
    const { id } = await team.makeChat({ userId });
    const client = newClient();
    const { result } = renderHooks(client.parley, () => ({
      list: useChats({ userId }),
      one: useChat(id),
      send: useSendMessage(id),
    }));
    await waitFor(() => expect(result.current.one.chat?.id).toBe(id));
    expect(result.current.one.chat?.title).toBeUndefined();
    act(() => void result.current.send.send('Tell me of the sea'));
    await waitFor(() => expect(result.current.one.chat?.title).toBe('Tell me of the sea'));
    await waitFor(() => expect(result.current.list.chats[0]?.title).toBe('Tell me of the sea'));

    const gate = Promise.withResolvers<void>();
    client.line.fail('chat.update', async (deliver) => {
      await gate.promise;
      return deliver();
    });
    let updating: Promise<unknown> = Promise.resolve();
    await act(async () => {
      updating = result.current.one.update({ title: 'The sea' });
    });
    await waitFor(() => expect(result.current.list.chats[0]?.title).toBe('The sea'));
    expect(result.current.one).toMatchObject({ chat: { title: 'The sea' }, isUpdating: true });
    await act(async () => {
      gate.resolve();
      await updating;
    });
    await waitFor(async () => {
      expect((await team.trpc.chat.get.query({ chatId: id })).title).toBe('The sea');
    });
  });

  test('useChat reverts a rejected change', async () => {
    const { id } = await team.makeChat({ userId: 'refused' });
    await team.send(id, 'An honest title');
    const client = newClient();
    const { result } = renderHooks(client.parley, () => useChat(id));
    await waitFor(() => expect(result.current.chat?.title).toBe('An honest title'));
    // The change is reverted without a reload.
    client.line.fail('chat.get', () => new Promise(() => undefined));
    await act(async () => {
      const updating = result.current.update({ title: ' ' });
      await expect(updating).rejects.toMatchObject({ name: 'ParleyError', code: 'invalid_input' });
    });
    await waitFor(() => expect(result.current.error?.issues).toMatchObject([{ path: 'title' }]));
    expect(result.current.chat?.title).toBe('An honest title');
  });
});

describe('useMessages and useSendMessage', () => {
  const useBoth = (chatId: string) => ({ messages: useMessages(chatId), sending: useSendMessage(chatId) });

  test('useMessages shows a sent message at once and its growing answer over one connection', async () => {
    const { id } = await team.makeChat();
    const client = newClient();
    const gate = Promise.withResolvers<void>();
    model.replyTo('grow', async (call) => {
      call.text('bit ');
      await gate.promise;
      call.text('by bit');
      call.finish();
    });
    const { result, unmount } = renderHooks(client.parley, () => useBoth(id));
    expect(result.current.messages).toMatchObject({ isLoading: true, entries: [], isAnswering: false });
    let key = '';
    act(() => {
      key = result.current.sending.send('grow');
    });
    await waitFor(() => expect(result.current.messages.running?.content).toBe('bit '));
    expect(result.current.messages).toMatchObject({ isAnswering: true, connection: 'live' });
    gate.resolve();
    await waitFor(() => expect(result.current.messages.isAnswering).toBe(false));
    expect(linesOf(result.current.messages)).toEqual(['user: grow', 'answer: bit by bit']);
    expect(result.current.messages.entries[0]?.key).toBe(key);
    await waitFor(() => expect(result.current.sending.sends).toEqual([]));
    expect(client.line.to('chat.follow')).toHaveLength(1);
    unmount();
    await expect.poll(() => client.parley.chats.of(id).view().connection).toBe('paused');
  });

  test('useMessages stops the running answer and retries a failed one', async () => {
    const { id } = await team.makeChat();
    const { parley } = newClient();
    model.replyTo('stop me', scripts.neverEnding('so far'));
    let calls = 0;
    model.replyTo('fail once', (call) => (calls++ === 0 ? scripts.status(401) : scripts.echo())(call));
    const { result } = renderHooks(parley, () => useBoth(id));
    act(() => void result.current.sending.send('stop me'));
    await waitFor(() => expect(result.current.messages.running?.content).toBe('so far'));
    await act(() => result.current.sending.stop());
    expect(result.current.sending.isStopping).toBe(false);
    await waitFor(() => expect(result.current.messages.entries[1]).toMatchObject({ status: 'stopped' }));

    act(() => void result.current.sending.send('fail once'));
    await waitFor(() => expect(result.current.messages.entries[3]).toMatchObject({ status: 'failed' }));
    const [, , , failed] = result.current.messages.entries;
    await act(() => result.current.sending.retry(failed?.messageId ?? ''));
    await waitFor(() =>
      expect(result.current.messages.entries[3]).toMatchObject({ content: 'You said: fail once' }),
    );
    await act(() => result.current.sending.retry(failed?.messageId ?? ''));
    expect(result.current.sending.error).toMatchObject({ code: 'not_retryable' });
  });

  test('useFeedback shows a rating at once, sends it, and takes it back', async () => {
    const { chatId, messageId } = await team.answered();
    const { parley, line } = newClient();
    const useRated = () => ({ messages: useMessages(chatId), rating: useFeedback(chatId) });
    const { result } = renderHooks(parley, useRated);
    const shown = () => result.current.messages.entries[1];
    await waitFor(() => expect(shown()).toMatchObject({ messageId }));
    const stored = async () =>
      (await parley.trpc.message.list.query({ chatId })).messages.map(({ feedback }) => feedback)[1];
    await act(() => result.current.rating.rate(messageId, { rating: 'down', comment: 'Too long.' }));
    await waitFor(() =>
      expect(shown()).toMatchObject({ feedback: { rating: 'down', comment: 'Too long.' } }),
    );
    expect(await stored()).toEqual({ rating: 'down', comment: 'Too long.' });
    await act(async () => {
      void result.current.rating.rate(messageId, { rating: 'up' });
      await result.current.rating.takeBack(messageId);
    });
    await waitFor(() => expect(shown()).not.toHaveProperty('feedback'));
    expect(await stored()).toBeUndefined();
    expect(line.to('message.setFeedback')).toHaveLength(2);

    const tooLong = { rating: 'up', comment: 'x'.repeat(2_001) } as const;
    await act(() => result.current.rating.rate(messageId, tooLong));
    expect(result.current.rating).toMatchObject({ isSaving: false, error: { code: 'invalid_input' } });
    await waitFor(() => expect(shown()).not.toHaveProperty('feedback'));
  });

  test('useMessages switches to another chat when the id changes', async () => {
    const [one, other] = [await team.answered(), await team.makeChat()];
    const { parley } = newClient();
    let shown: string = one.chatId;
    const { result, rerender } = renderHooks(parley, () => useBoth(shown));
    await waitFor(() => expect(result.current.messages.entries).toHaveLength(2));
    shown = other.id;
    rerender();
    expect(result.current.messages.entries).toEqual([]);
    act(() => void result.current.sending.send('here now'));
    await waitFor(() =>
      expect(result.current.messages.isAnswering || result.current.messages.entries.length > 1).toBe(true),
    );
    expect(result.current.messages.entries[0]?.content).toBe('here now');
  });

  test('useSendMessage returns the content of a rejected message', async () => {
    const { id } = await team.makeChat();
    const { parley } = newClient();
    const { result } = renderHooks(parley, () => useBoth(id));
    const content = 'x'.repeat(32_001);
    act(() => void result.current.sending.send(content));
    await waitFor(() => expect(result.current.sending.sends[0]?.state.kind).toBe('refused'));
    act(
      () =>
        void expect(result.current.sending.discard(result.current.sending.sends[0]?.key ?? '')).toBe(content),
    );
    await waitFor(() => expect(result.current.messages.entries).toEqual([]));
  });
});

test('useConnection reports the network state', () => {
  const client = newClient();
  const { result } = renderHooks(client.parley, () => useConnection());
  expect(result.current.isOnline).toBe(true);
  act(() => client.page.setOnline(false));
  expect(result.current.isOnline).toBe(false);
});

test('every call of the API is available as a hook', async () => {
  const { parley } = newClient();
  const { result } = renderHooks(parley, () => trpc.agent.list.useQuery({}));
  await waitFor(() => expect(result.current.data?.agents).toMatchObject([{ id: team.agent.id }]));
});

test('hooks without a provider throw an error that names ParleyProvider', () => {
  expect(() => renderHook(() => useParley())).toThrow('ParleyProvider');
});
