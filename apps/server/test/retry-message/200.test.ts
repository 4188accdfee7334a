import { scripts } from '@parley/agent/testing';
import type { Answer } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { type OneAnswer, startHarness } from '../harness.ts';
import { openStream } from '../support/event-stream.ts';
import { storedTurns } from '../support/stored-turns.ts';
import { answerOf, isPart, outlineOf, shownText } from '../support/ui-message-stream.ts';

const { makeTeam, model, mongo, url } = await startHarness({ bounds: { tickMs: 20 } });
const team = await makeTeam();

const listed = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages;
const retry = ({ chatId, messageId }: OneAnswer, body?: object) =>
  team.rest<Answer>('POST', `/chat/${chatId}/message/${messageId}/retry`, body && { body });
const retryStream = ({ chatId, messageId }: OneAnswer, body?: object) =>
  openStream(url, 'POST', `/chat/${chatId}/message/${messageId}/retry`, { key: team.secretKey, body });

test('a retry answers the same message with an answer of its own id', async () => {
  const failed = await team.failed();
  const [before] = await listed(failed.chatId);
  expect(before).toMatchObject({ status: 'failed', answerId: failed.messageId });
  const { status, body } = await retry(failed);
  expect(status).toBe(200);
  expect(body).toEqual({
    id: expect.stringMatching(/^msg_/),
    chatId: failed.chatId,
    content: `You said: ${before?.content}`,
    role: 'assistant',
    status: 'completed',
    finishReason: 'stop',
    userMessageId: before?.id,
    createdAt: expect.any(String),
  });
  expect(body.id).not.toBe(failed.messageId);
  const { id, content, role, createdAt } = before ?? {};
  expect(await listed(failed.chatId)).toEqual([
    { id, content, role, createdAt },
    {
      id: body.id,
      content: body.content,
      role: 'assistant',
      status: 'completed',
      finishReason: 'stop',
      createdAt: body.createdAt,
    },
  ]);
});

test('a retry calls the model once, with the earlier history and without the failed text', async () => {
  const { id: chatId } = await team.makeChat();
  await team.send(chatId, 'before');
  let calls = 0;
  model.replyTo('fails within', (call) =>
    calls++ === 0 ? scripts.cutAfter('half')(call) : scripts.text('whole')(call),
  );
  const { apiError } = await team.send(chatId, 'fails within');
  await retry({ chatId, messageId: apiError.messageId } as OneAnswer);
  expect(model.calls().at(-1)?.body.messages).toEqual([
    { role: 'user', content: 'before' },
    { role: 'assistant', content: 'You said: before' },
    { role: 'user', content: 'fails within' },
  ]);
  await team.send(chatId, 'after');
  expect(
    model
      .calls()
      .at(-1)
      ?.body.messages.map(({ content }) => content),
  ).toEqual(['before', 'You said: before', 'fails within', 'whole', 'after']);
});

test('a retry that fails can be retried by the id of its own answer', async () => {
  const { id: chatId } = await team.makeChat();
  let calls = 0;
  model.replyTo('fails twice', (call) => {
    calls++;
    return calls <= 2 ? scripts.status(401)(call) : scripts.text('at last')(call);
  });
  const first = await team.send(chatId, 'fails twice');
  const second = await retry({ chatId, messageId: first.apiError.messageId } as OneAnswer);
  expect(second).toMatchObject({ status: 502, apiError: { code: 'model_key_refused' } });
  const again = { chatId, messageId: second.apiError.messageId } as OneAnswer;
  expect(again.messageId).not.toBe(first.apiError.messageId);
  expect(await listed(chatId)).toMatchObject([{ status: 'failed', answerId: again.messageId }]);
  const third = await retry(again);
  expect(third.body).toMatchObject({ content: 'at last', status: 'completed' });
  expect(await listed(chatId)).toHaveLength(2);
  expect((await storedTurns(mongo.raw, chatId)).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
});

test('an answer that failed without an agent, a model or a server can be retried', async () => {
  for (const errorCode of ['agent_not_found', 'model_timeout', 'interrupted']) {
    const failed = await team.failed();
    await mongo.raw.collection('turns').updateOne({ chat: failed.chatId }, { $set: { errorCode } });
    expect((await retry(failed)).body.status).toBe('completed');
  }
});

describe('`wait: false`', () => {
  test('`wait: false` returns after acceptance, and the answer can be followed by its id', async () => {
    const failed = await team.failed();
    const gate = model.hold();
    const { status, body } = await retry(failed, { wait: false });
    expect(status).toBe(200);
    expect(body).toMatchObject({ content: '', status: 'generating' });
    expect(await listed(failed.chatId)).toMatchObject([{ status: 'generating', answerId: body.id }]);
    gate.release();
    const stream = await team.resume({ chatId: failed.chatId, messageId: body.id });
    expect(shownText(await stream.rest())).toMatch(/^You said: fails once/);
  });
});

describe('a streamed retry', () => {
  test('a retry is streamed like a new message, with or without a body', async () => {
    for (const body of [undefined, {}, { wait: true }]) {
      const failed = await team.failed();
      const [question] = await listed(failed.chatId);
      const stream = await retryStream(failed, body);
      expect(stream.headers.get('x-vercel-ai-ui-message-stream')).toBe('v1');
      const events = await stream.rest();
      expect(outlineOf(events)).toContain('1-3-0 finish');
      expect(events.at(-1)?.data).toBe('[DONE]');
      expect(events[0]?.data).toContain(`"userMessageId":"${question?.id}"`);
      const [, answer] = await listed(failed.chatId);
      expect(answer).toMatchObject({ id: answerOf(events).messageId, content: shownText(events) });
    }
  });

  test('a streamed retry that is stopped keeps its text', async () => {
    const { id: chatId } = await team.makeChat();
    let calls = 0;
    model.replyTo('stop the retry', (call) =>
      calls++ === 0 ? scripts.status(401)(call) : scripts.neverEnding('kept')(call),
    );
    const { apiError } = await team.send(chatId, 'stop the retry');
    const stream = await retryStream({ chatId, messageId: apiError.messageId } as OneAnswer);
    const events = await stream.until(isPart('text-delta'));
    await team.trpc.message.cancel.mutate(answerOf(events));
    events.push(...(await stream.rest()));
    expect((await listed(chatId))[1]).toMatchObject({ content: shownText(events), status: 'stopped' });
  });
});

test('tRPC retries with the same result as REST', async () => {
  const failed = await team.failed();
  const answer = await team.trpc.message.retry.mutate(failed);
  expect(answer).toMatchObject({ chatId: failed.chatId, status: 'completed' });
  expect((await listed(failed.chatId))[1]?.id).toBe(answer.id);
});
