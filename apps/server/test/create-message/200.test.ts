import { scripts } from '@parley/agent/testing';
import { isId, limits } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { storedTurns } from '../support/stored-turns.ts';

const { makeTeam, model, mongo } = await startHarness();
const team = await makeTeam();

test("the response is the agent's message with the id of the message it answers", async () => {
  const chat = await team.makeChat();
  const { status, body } = await team.send(chat.id, 'hello');
  expect(status).toBe(200);
  const { id, userMessageId, createdAt, ...rest } = body;
  expect(rest).toEqual({
    chatId: chat.id,
    content: 'You said: hello',
    role: 'assistant',
    status: 'completed',
    finishReason: 'stop',
  });
  expect(isId('message', id) && isId('message', userMessageId)).toBe(true);
  expect(createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const { messages } = await team.trpc.message.list.query({ chatId: chat.id });
  expect(messages.map((message) => message.id)).toEqual([userMessageId, id]);
  expect(messages[1]?.createdAt).toBe(createdAt);
});

test('the message is stored before the model is called', async () => {
  const chat = await team.makeChat();
  let stored: unknown[] = [];
  model.replyTo('is it there?', async (call) => {
    stored = await mongo.raw.collection('turns').find({ chat: chat.id }).toArray();
    scripts.echo()(call);
  });
  await team.send(chat.id, 'is it there?');
  expect(stored).toMatchObject([{ sequence: 1, messages: [{ role: 'user', content: 'is it there?' }] }]);
});

test('both kinds of key can send over both transports', async () => {
  const chat = await team.makeChat();
  expect((await team.send(chat.id, 'one', { key: team.publishableKey })).status).toBe(200);
  const answer = await team.trpc.message.create.mutate({ chatId: chat.id, content: 'two', role: 'user' });
  expect(answer).toMatchObject({ content: 'You said: two', chatId: chat.id });
});

test.each([
  ['one character', 'x'],
  ['a blank', ' '],
  ['a line break', '\n'],
  ['32,000 characters', 'x'.repeat(limits.messageLengthMax)],
  ['32,000 characters of two UTF-16 units each', '🙂'.repeat(limits.messageLengthMax)],
])('%s is accepted as a message and stored unchanged', async (_, content) => {
  const chat = await team.makeChat();
  model.reply(scripts.text('ok'));
  expect((await team.send(chat.id, content)).status).toBe(200);
  const { messages } = await team.trpc.message.list.query({ chatId: chat.id });
  expect(messages[0]?.content === content).toBe(true);
});

test('a message of 32,000 characters with the longest escapes fits into the body', async () => {
  const chat = await team.makeChat();
  model.reply(scripts.text('ok'));
  const escaped = '\\ud83d\\ude42'.repeat(limits.messageLengthMax);
  const { status } = await team.rest('POST', `/chat/${chat.id}/message`, {
    rawBody: `{"role":"user","content":"${escaped}"}`,
    headers: { 'content-type': 'application/json' },
  });
  expect(status).toBe(200);
  expect(model.calls().at(-1)?.message === '🙂'.repeat(limits.messageLengthMax)).toBe(true);
});

test.each([
  ['text with markup and control characters', ' <b>\u0001$set: {"a":1}\r\n🙂 '],
  ['a very long answer', 'word '.repeat(20_000)],
])('%s is returned as text', async (_, answer) => {
  const chat = await team.makeChat();
  model.reply(scripts.text(answer.match(/.{1,1000}/gsu) ?? []));
  expect((await team.send(chat.id, 'go')).body.content).toBe(answer);
  const { messages } = await team.trpc.message.list.query({ chatId: chat.id });
  expect(messages[1]?.content).toBe(answer);
});

test("an answer that reaches the model's length limit is an answer", async () => {
  const chat = await team.makeChat();
  model.reply(scripts.text('cut sho', { reason: 'length' }));
  expect((await team.send(chat.id, 'go')).body).toMatchObject({ content: 'cut sho', status: 'completed' });
});

test("the agent's settings reach the model, and the server's settings apply without them", async () => {
  const agent = await team.makeAgent({ model: 'gpt-own', temperature: 0, systemPrompt: 'Be brief.' });
  const chat = await team.makeChat({ agentId: agent.id });
  await team.send(chat.id, 'hello');
  expect(model.calls().at(-1)?.body).toMatchObject({
    model: 'gpt-own',
    temperature: 0,
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'hello' },
    ],
  });
  const plain = await team.makeChat();
  await team.send(plain.id, 'hello');
  const { body } = model.calls().at(-1) ?? {};
  expect(body).toMatchObject({ model: 'm1', messages: [{ role: 'user', content: 'hello' }] });
  expect(body).not.toHaveProperty('temperature');
});

test('the usage of an answer is stored with its turn and is in no response', async () => {
  const chat = await team.makeChat();
  model.reply(scripts.text('ok', { usage: { prompt_tokens: 17, completion_tokens: 5 } }));
  const { text } = await team.send(chat.id, 'count');
  expect(await storedTurns(mongo.raw, chat.id)).toMatchObject([
    {
      status: 'completed',
      agentVersion: 1,
      usage: [{ attempt: 1, model: 'm1', calls: 1, inputTokens: 17, outputTokens: 5 }],
    },
  ]);
  expect(text).not.toMatch(/tokens|usage/i);
});

test('a model without usage numbers is no failure, and its usage is estimated', async () => {
  const chat = await team.makeChat();
  model.reply(scripts.text('ok', { usage: false }));
  expect((await team.send(chat.id, 'count')).status).toBe(200);
  const [turn] = await storedTurns(mongo.raw, chat.id);
  expect(turn?.usage).toEqual([
    {
      ...{ attempt: 1, model: 'm1', calls: 1 },
      ...{ inputTokens: expect.any(Number), outputTokens: expect.any(Number), isEstimated: true },
    },
  ]);
});

test('a transient failure of the model is retried without an error for the caller', async () => {
  const chat = await team.makeChat();
  model.reply(scripts.status(503), scripts.text('second try'));
  expect((await team.send(chat.id, 'go')).body.content).toBe('second try');
  const [turn] = await storedTurns(mongo.raw, chat.id);
  expect(turn?.usage).toMatchObject([{ calls: 2 }]);
});
