import type { ChatWithMessages } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam, model } = await startHarness();
const team = await makeTeam();

/** Its use is written in the background, so it changes between two requests. */
const used = { updatedAt: expect.any(String) };

const get = async (id: string) => (await team.rest<ChatWithMessages>('GET', `/chat/${id}`)).body;

test('a new chat has an empty list of messages', async () => {
  const chat = await team.makeChat();
  expect(await get(chat.id)).toEqual({ ...chat, messages: [] });
});

test('a chat has all its messages, oldest first, as the list shows them', async () => {
  const chat = await team.makeChat({ userId: 'ann', metadata: { a: 1 } });
  const sent = [];
  for (const content of ['one', 'two', 'three']) sent.push((await team.send(chat.id, content)).body);
  const { messages, ...rest } = await get(chat.id);
  expect(rest).toMatchObject({ ...chat, ...used, title: 'one' });
  expect(messages.map(({ content }) => content)).toEqual([
    'one',
    'You said: one',
    'two',
    'You said: two',
    'three',
    'You said: three',
  ]);
  expect(messages.filter(({ role }) => role === 'assistant').map(({ id }) => id)).toEqual(
    sent.map(({ id }) => id),
  );
  expect((await team.rest('GET', `/chat/${chat.id}/message`)).body).toEqual({ messages });
});

test('a chat has no messages if none are requested', async () => {
  const chat = await team.makeChat();
  await team.send(chat.id, 'one');
  const { body } = await team.rest('GET', `/chat/${chat.id}?withMessages=false`);
  const expected = { ...chat, ...used, title: 'one', messages: [] };
  expect(body).toMatchObject(expected);
  expect(await team.trpc.chat.get.query({ chatId: chat.id, withMessages: false })).toMatchObject(expected);
  expect((await team.trpc.chat.get.query({ chatId: chat.id, withMessages: true })).messages).toHaveLength(2);
});

test('a failed answer appears as the status of its message', async () => {
  const chat = await team.makeChat();
  model.replyTo('fail', (call) => call.status(401, { error: { message: 'no' } }));
  await team.send(chat.id, 'fail');
  await team.send(chat.id, 'go on');
  const { messages } = await get(chat.id);
  expect(messages).toMatchObject([
    { role: 'user', content: 'fail', status: 'failed', errorCode: 'model_key_refused' },
    { role: 'user', content: 'go on' },
    // The model gets both messages, so the list and the context differ.
    { role: 'assistant', content: 'You said: fail\n\ngo on', status: 'completed' },
  ]);
  expect(messages[1]).not.toHaveProperty('status');
});

test('the path is decoded once, so an escaped id is the id', async () => {
  const chat = await team.makeChat();
  const escaped = chat.id.replace('chat_', '%63hat%5F');
  expect((await get(escaped)).id).toBe(chat.id);
});

test('a slash at the end of the path makes no difference', async () => {
  const chat = await team.makeChat();
  expect((await team.rest<ChatWithMessages>('GET', `/chat/${chat.id}/`)).body.id).toBe(chat.id);
});
