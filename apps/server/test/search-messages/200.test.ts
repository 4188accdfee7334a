import { scripts } from '@parley/agent/testing';
import type { SearchResults } from '@parley/contract';
import { describe, expect, test, vi } from 'vitest';
import { startHarness } from '../harness.ts';
import { everythingIn } from '../support/everything.ts';

const { makeTeam, model, mongo } = await startHarness();
type Team = Awaited<ReturnType<typeof makeTeam>>;
type Request = NonNullable<Parameters<Team['rest']>[2]>;

/** Sends a message in a new chat of a user, and waits for its answer. */
async function ask(team: Team, content: string, answer: string, userId = 'ann') {
  model.replyTo(content, scripts.text(answer));
  const chat = await team.makeChat({ userId });
  const { body } = await team.send(chat.id, content);
  return { chatId: chat.id, question: body.userMessageId, answer: body.id };
}

async function search(team: Team, q: string, { query, ...request }: Request = {}): Promise<SearchResults> {
  return (await team.rest<SearchResults>('GET', '/search', { ...request, query: { q, ...query } })).body;
}

async function idsOf(team: Team, q: string, request?: Request): Promise<string[]> {
  return (await search(team, q, request)).results.map(({ messageId }) => messageId);
}

/** Waits until a search finds as many messages. */
async function untilFound(team: Team, q: string, count: number): Promise<void> {
  await vi.waitFor(async () => expect(await idsOf(team, q)).toHaveLength(count), { timeout: 30_000 });
}

describe('the search in the messages of a team', async () => {
  const team = await makeTeam();
  const first = await ask(team, 'What is the capital of France?', 'The capital is Paris, on the Seine.');
  const second = await ask(team, 'And the capital of Poland?', 'Warszawa. Łódź is no capital.', 'ben');
  const third = await ask(team, '東京の天気は?', '晴れです。');
  const other = await makeTeam();
  await ask(other, 'What is the capital of Peru?', 'Lima');
  await untilFound(team, 'capital', 2);
  await untilFound(team, '天気', 1);
  await untilFound(other, 'capital', 1);

  test.each([
    ['capital', [second.question, first.question]],
    ['CAPITAL france', [first.question]],
    ['capital paris', [first.answer]],
    ['france seine', [first.question]],
    ['warsz', [second.answer]],
    ['lodz', [second.answer]],
    ['天気', [third.question]],
    ['晴', [third.answer]],
    ['pol', [second.question]],
    ['po', []],
    ['capital peru', []],
    ['unwritten', []],
    ['?!', []],
    ['$where', []],
    ['.*', []],
  ])('the search "%s" finds messages with all its words, newest first', async (q, expected) => {
    const results = await idsOf(team, q);
    expect(results.map((id) => idName(id))).toEqual(expected.map((id) => idName(id)));
  });

  function idName(id: string | undefined): string {
    const names = Object.entries({ first, second, third }).flatMap(([name, one]) => [
      [one.question, `question of ${name}`],
      [one.answer, `answer of ${name}`],
    ]);
    return names.find(([known]) => known === id)?.[1] ?? String(id);
  }

  test('a result has the chat, its title, the part of the text around the word, and the time', async () => {
    const { results } = await search(team, 'seine');
    expect(results).toEqual([
      {
        chatId: first.chatId,
        messageId: first.answer,
        title: 'What is the capital of France?',
        snippet: 'The capital is Paris, on the Seine.',
        createdAt: expect.any(String),
      },
    ]);
    const { body } = await team.rest<{ messages: { id: string; createdAt: string }[] }>(
      'GET',
      `/chat/${first.chatId}/message`,
    );
    expect(results[0]?.createdAt).toBe(body.messages.find(({ id }) => id === first.answer)?.createdAt);
  });

  test('results are paged, and a cursor works only with its search', async () => {
    const page = await search(team, 'capital', { query: { limit: '1' } });
    expect(page.results.map(({ messageId }) => messageId)).toEqual([second.question]);
    const cursor = page.nextCursor ?? '';
    const next = await search(team, 'capital', { query: { limit: '1', cursor } });
    expect(next.results.map(({ messageId }) => messageId)).toEqual([first.question]);
    expect(next.nextCursor).toBeUndefined();
    const { status, apiError } = await team.rest('GET', '/search', { query: { q: 'capita', cursor } });
    expect([status, apiError.code]).toEqual([400, 'invalid_cursor']);
  });

  test('a user finds only messages of their own chats', async () => {
    const key = await team.guestKey();
    const by = async (userId: string) => ({ key, headers: { 'x-user-token': await team.userToken(userId) } });
    expect(await idsOf(team, 'capital', await by('ann'))).toEqual([first.question]);
    expect(await idsOf(team, 'capital', await by('ben'))).toEqual([second.question]);
    expect(await idsOf(team, 'capital', await by('cem'))).toEqual([]);
  });

  test('a key for other agents finds no message', async () => {
    const { body: agent } = await team.rest<{ id: string }>('POST', '/agent', {
      body: { name: 'Other', type: 'support' },
    });
    const { body } = await team.rest<{ key: string }>('POST', '/key', {
      body: { kind: 'secret', agentIds: [agent.id] },
    });
    expect(await idsOf(team, 'capital', { key: body.key })).toEqual([]);
  });

  test('tRPC finds the same messages', async () => {
    expect(await team.trpc.message.search.query({ q: 'capital' })).toEqual(await search(team, 'capital'));
  });
});

test('messages of a deleted chat are not found, and nothing of them stays', async () => {
  const team = await makeTeam();
  const { chatId } = await ask(team, 'an unforgettable question', 'an unforgettable answer');
  await untilFound(team, 'unforgettable', 1);
  await team.rest('DELETE', `/chat/${chatId}`);
  expect(await idsOf(team, 'unforgettable')).toEqual([]);
  expect(JSON.stringify(await everythingIn(mongo.raw))).not.toContain('unforgettable');
});

test('messages of a guest are found by the user who claims them', async () => {
  const team = await makeTeam();
  const guest = await team.makeGuest();
  const asGuest = { key: await team.guestKey(), headers: { 'x-user-token': guest.token } };
  const { body: chat } = await team.rest<{ id: string }>('POST', '/chat', {
    ...asGuest,
    body: { agentId: team.agent.id },
  });
  await team.send(chat.id, 'an itinerant question');
  await untilFound(team, 'itinerant', 1);
  const asUser = { key: await team.guestKey(), headers: { 'x-user-token': await team.userToken('dora') } };
  expect(await idsOf(team, 'itinerant', asGuest)).toHaveLength(1);
  expect(await idsOf(team, 'itinerant', asUser)).toEqual([]);
  const claim = await team.rest('POST', '/guest/claim', { ...asUser, body: { guestToken: guest.token } });
  expect(claim.status).toBe(200);
  expect(await idsOf(team, 'itinerant', asUser)).toHaveLength(1);
});

test('reasoning is not searched', async () => {
  const team = await makeTeam();
  model.replyTo('think about it', (call) => {
    call.chunk({ choices: [{ index: 0, delta: { reasoning_content: 'a concealed thought' } }] });
    return scripts.text('an answer in the open')(call);
  });
  const chat = await team.makeChat();
  await team.send(chat.id, 'think about it');
  await untilFound(team, 'open', 1);
  expect(await idsOf(team, 'concealed')).toEqual([]);
});
