import { type Chat, type ChatList, type ChatWithMessages, limits, mintId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam, model } = await startHarness();
const team = await makeTeam();

const get = async (id: string) => {
  const { body } = await team.rest<ChatWithMessages>('GET', `/chat/${id}?withMessages=false`);
  const { messages: _, ...chat } = body;
  return chat;
};
const update = (id: string, body: object) => team.rest<Chat>('PATCH', `/chat/${id}`, { body });

describe('the title of a chat', () => {
  test('the title is the beginning of the first message and stays when others follow', async () => {
    const { id } = await team.makeChat();
    expect(await get(id)).not.toHaveProperty('title');
    await team.send(id, '  What is\nthe capital of France? ');
    expect((await get(id)).title).toBe('What is the capital of France?');
    await team.send(id, 'And of Spain?');
    expect((await get(id)).title).toBe('What is the capital of France?');
  });

  test('the title is set as soon as the message is accepted', async () => {
    const { id } = await team.makeChat();
    const gate = model.hold();
    await team.send(id, 'A question that takes long', {
      body: { content: 'A question that takes long', role: 'user', wait: false },
    });
    expect((await get(id)).title).toBe('A question that takes long');
    gate.release();
  });

  test('a title that was set before the first message stays', async () => {
    const { id } = await team.makeChat();
    await update(id, { title: 'Mine' });
    await team.send(id, 'hello');
    expect((await get(id)).title).toBe('Mine');
  });

  test('a title is stored exactly as it was sent', async () => {
    const { id } = await team.makeChat();
    for (const title of ['$set', '$$ROOT', ' \u{1F600} <b>', 'x'.repeat(limits.titleLengthMax)]) {
      expect((await update(id, { title })).body.title).toBe(title);
      expect((await get(id)).title).toBe(title);
    }
  });
});

test('omitted fields stay, and metadata is replaced as a whole', async () => {
  const chat = await team.makeChat({ userId: 'ann', metadata: { a: 1, b: 2 } });
  const named = await update(chat.id, { title: 'Named' });
  expect(named.status).toBe(200);
  const changed = { ...chat, updatedAt: expect.any(String) };
  expect(named.body).toEqual({ ...changed, title: 'Named' });
  expect((await update(chat.id, { metadata: { c: 3 } })).body).toEqual({
    ...changed,
    title: 'Named',
    metadata: { c: 3 },
  });
  expect((await update(chat.id, {})).body).toEqual(await get(chat.id));
});

test('the list has the new title, and a search finds the chat only by it', async () => {
  const other = await makeTeam();
  const { id } = await other.makeChat({ userId: 'ann' });
  await other.send(id, 'Old words');
  await other.rest('PATCH', `/chat/${id}`, { body: { title: 'Fresh Début' } });
  const find = async (search: string) =>
    (await other.rest<ChatList>('GET', '/chat', { query: { search, userId: 'ann' } })).body.chats;
  expect(await find('deb fresh')).toMatchObject([{ id, title: 'Fresh Début' }]);
  expect(await find('old')).toEqual([]);
});

test.each([
  ['a chat of another team', async () => (await (await makeTeam()).makeChat()).id],
  ['an unknown chat', async () => mintId('chat')],
  ['a text without the form of an id', async () => 'nonsense'],
])('%s returns 404 and nothing is changed', async (_name, idOf) => {
  const { status, apiError } = await update(await idOf(), { title: 'stolen' });
  expect([status, apiError.code]).toEqual([404, 'chat_not_found']);
});

test.each([
  [{ title: '' }, 'title'],
  [{ title: ' \n' }, 'title'],
  [{ title: 'x'.repeat(limits.titleLengthMax + 1) }, 'title'],
  [{ title: null }, 'title'],
  [{ title: ['a'] }, 'title'],
  [{ title: { $ne: '' } }, 'title'],
  [{ metadata: 'text' }, 'metadata'],
  [{ metadata: null }, 'metadata'],
  [{ userId: 'eve' }, 'userId'],
  [{ agentId: mintId('agent') }, 'agentId'],
  [{ teamId: mintId('team') }, 'teamId'],
])('the update %j is rejected, and nothing is changed', async (body, path) => {
  const chat = await team.makeChat({ metadata: { a: 1 } });
  const { status, apiError } = await update(chat.id, { ...body });
  expect([status, apiError.code]).toEqual([400, 'invalid_input']);
  expect(apiError.issues?.map((issue) => issue.path)).toContain(path);
  expect(await get(chat.id)).toEqual(chat);
});
