import { scripts } from '@parley/agent/testing';
import type { Answer } from '@parley/contract';
import { expect, test } from 'vitest';
import { type OneAnswer, startHarness } from '../harness.ts';
import { shownText } from '../support/ui-message-stream.ts';

const { makeTeam, model } = await startHarness();
const team = await makeTeam();

const listed = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages;
const sendOn = (chatId: string, content: string) =>
  team.rest<Answer>('POST', `/chat/${chatId}/message`, { body: { content, role: 'user', wait: false } });

test("`wait: false` returns the answer's id after acceptance, and later messages are queued", async () => {
  const { id: chatId } = await team.makeChat();
  const gate = model.hold();
  const first = await sendOn(chatId, 'not waiting');
  const second = await sendOn(chatId, 'nor I');
  expect(first.status).toBe(200);
  const [question, behind] = await listed(chatId);
  const fields = { chatId, content: '', role: 'assistant', createdAt: expect.any(String) };
  expect(first.body).toEqual({
    ...fields,
    id: question?.answerId,
    status: 'generating',
    userMessageId: question?.id,
  });
  expect(second.body).toEqual({
    ...fields,
    id: behind?.answerId,
    status: 'queued',
    userMessageId: behind?.id,
  });
  gate.release();
  const stream = await team.resume({ chatId, messageId: second.body.id });
  expect(shownText(await stream.rest())).toBe('You said: nor I');
  expect((await listed(chatId)).map(({ content }) => content)).toEqual([
    'not waiting',
    'You said: not waiting',
    'nor I',
    'You said: nor I',
  ]);
});

test('an answer that fails later is in the list as failed', async () => {
  const { id: chatId } = await team.makeChat();
  model.replyTo('will fail', scripts.status(401));
  const { status, body } = await sendOn(chatId, 'will fail');
  expect(status).toBe(200);
  const stream = await team.resume({ chatId, messageId: body.id } as OneAnswer);
  await stream.rest();
  expect(await listed(chatId)).toMatchObject([
    { status: 'failed', errorCode: 'model_key_refused', answerId: body.id },
  ]);
});

test('a rejection before acceptance is the same with `wait: false`', async () => {
  expect((await sendOn('nope', 'hello')).status).toBe(404);
  const { id: chatId } = await team.makeChat();
  expect((await sendOn(chatId, '')).status).toBe(400);
  expect(await listed(chatId)).toEqual([]);
});

test('`wait: true` is the default', async () => {
  const { id: chatId } = await team.makeChat();
  const { body } = await team.rest<Answer>('POST', `/chat/${chatId}/message`, {
    body: { content: 'hello', role: 'user', wait: true },
  });
  expect(body).toMatchObject({ content: 'You said: hello', status: 'completed' });
});
