import { createGate } from '@parley/agent/testing';
import { limits, type MessageList, mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam, model, mongo } = await startHarness();
const team = await makeTeam();

const list = async (chatId: string, query: Record<string, string> = {}) =>
  (await team.rest<MessageList>('GET', `/chat/${chatId}/message`, { query })).body;

test('a chat without messages has an empty list', async () => {
  expect(await list((await team.makeChat()).id)).toEqual({ messages: [] });
});

test('messages are listed oldest first, each with id, content, role and time', async () => {
  const chat = await team.makeChat();
  const { body: answer } = await team.send(chat.id, 'hello');
  const { messages } = await list(chat.id);
  expect(messages).toEqual([
    { id: answer.userMessageId, content: 'hello', role: 'user', createdAt: expect.any(String) },
    {
      id: answer.id,
      content: answer.content,
      role: 'assistant',
      status: 'completed',
      finishReason: 'stop',
      createdAt: answer.createdAt,
    },
  ]);
});

test('content is returned exactly as it was sent', async () => {
  const chat = await team.makeChat();
  const texts = [
    ' leading and trailing ',
    'line\nbreaks\r\nand\ttabs',
    '$$ROOT $set {"$ne":null}',
    '🙂 é \u0301 \u202e \ufeff \uffff \u0001',
    '<script>alert(1)</script>',
    '__proto__',
    '\\u0041 %41 &amp;',
  ];
  for (const content of texts) await team.send(chat.id, content);
  const { messages } = await list(chat.id);
  expect(messages.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual(texts);
});

test('a message is listed while it waits, and its answer after the end', async () => {
  const chat = await team.makeChat();
  const gate = createGate();
  model.replyTo('wait', async (call) => {
    call.text('partial ');
    await gate.released;
    call.text('answer');
    call.finish();
  });
  const arrived = model.callTo('wait');
  const sending = team.send(chat.id, 'wait');
  await (await arrived).flushed();
  expect((await list(chat.id)).messages).toMatchObject([{ content: 'wait', status: 'generating' }]);
  gate.release();
  await sending;
  expect((await list(chat.id)).messages).toMatchObject([
    { content: 'wait' },
    { content: 'partial answer', status: 'completed' },
  ]);
});

test('order=desc reverses the whole list', async () => {
  const chat = await team.makeChat();
  for (const content of ['one', 'two']) await team.send(chat.id, content);
  const oldestFirst = await list(chat.id, { order: 'asc' });
  expect(await list(chat.id)).toEqual(oldestFirst);
  expect(await list(chat.id, { order: 'desc' })).toEqual({ messages: oldestFirst.messages.toReversed() });
});

test('a list without a limit is complete when it is longer than a page', async () => {
  const chat = await team.makeChat();
  const turns = Array.from({ length: 120 }, (_, index) => `message ${index}`);
  for (const content of turns) await team.send(chat.id, content);
  const { messages, nextCursor } = await list(chat.id);
  expect(messages.map(({ content }) => content)).toEqual(
    turns.flatMap((content) => [content, `You said: ${content}`]),
  );
  expect(nextCursor).toBeUndefined();
});

test('the fullest possible chat is returned whole, in the list and with the chat', async () => {
  const chat = await team.makeChat();
  const createdAt = new Date();
  const turns = Array.from({ length: limits.chatMessagesMax / 2 }, (_, index) => {
    const answerId = mintId('message');
    return {
      _id: mintId('turn'),
      team: team.id,
      chat: chat.id,
      sequence: index + 1,
      status: 'completed',
      takeovers: 0,
      messages: [
        { id: mintId('message'), role: 'user', content: `q${index}`, createdAt },
        { id: answerId, role: 'assistant', content: `a${index}`, createdAt },
      ],
      answerId,
      usage: [],
      createdAt,
    };
  });
  await mongo.raw.collection<{ _id: string }>('turns').insertMany(turns);
  const { messages, nextCursor } = await list(chat.id);
  expect(messages.map(({ content }) => content)).toEqual(
    turns.flatMap((_, index) => [`q${index}`, `a${index}`]),
  );
  expect(nextCursor).toBeUndefined();
  expect((await team.trpc.chat.get.query({ chatId: chat.id })).messages).toEqual(messages);
});
