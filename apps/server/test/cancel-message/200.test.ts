import { createGate, scripts } from '@parley/agent/testing';
import type { AnswerState } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { type OneAnswer, startHarness } from '../harness.ts';
import { rest } from '../support/client.ts';
import { storedTurns } from '../support/stored-turns.ts';
import { answerOf, isPart, outlineOf, shownText } from '../support/ui-message-stream.ts';

const BOUNDS = { bounds: { tickMs: 20 } };
const { makeTeam, model, mongo, url, startReplica } = await startHarness(BOUNDS);
const replica = await startReplica(BOUNDS);
const team = await makeTeam();
const servers = [
  ['the server that writes it', url],
  ['another server', replica.url],
] as const;

const listed = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages;
const cancel = ({ chatId, messageId }: OneAnswer, base = url) =>
  rest<AnswerState>(base, 'POST', `/chat/${chatId}/message/${messageId}/cancel`, { key: team.secretKey });

describe.each(servers)('cancelling a running answer over %s', (where, base) => {
  test('a cancelled answer keeps exactly the streamed text, ends the model’s call and notifies every reader', async () => {
    const { id: chatId } = await team.makeChat();
    const gate = createGate();
    const content = `kept: ${where}`;
    model.replyTo(content, async (call) => {
      call.text('One 🙂');
      await gate.released;
      call.text(', two');
    });
    const stream = await team.stream(chatId, content);
    const events = await stream.until(isPart('text-delta'));
    const answer = answerOf(events);
    const resumed = await team.resume(answer, { url: replica.url, after: events.at(-1)?.id });
    gate.release();
    const more = await resumed.until(isPart('text-delta'));
    const call = await model.callTo(content);

    const { status, body } = await cancel(answer, base);
    await call.aborted;
    expect(status).toBe(200);
    const { createdAt, userMessageId, ...state } = body;
    expect(state).toEqual({
      id: answer.messageId,
      chatId,
      content: 'One 🙂, two',
      role: 'assistant',
      status: 'stopped',
    });
    const shown = [
      shownText([...events, ...(await stream.rest())]),
      shownText([...more, ...(await resumed.rest())], shownText(events)),
    ];
    expect(shown).toEqual([body.content, body.content]);
    expect(await listed(chatId)).toMatchObject([
      { id: userMessageId, content },
      { id: answer.messageId, content: body.content, status: 'stopped', createdAt },
    ]);
  });

  test('an answer that is cancelled before its first word has no message', async () => {
    const { id: chatId } = await team.makeChat();
    const content = `not a word: ${where}`;
    model.replyTo(content, (call) => call.open());
    const stream = await team.stream(chatId, content);
    const answer = answerOf(await stream.take(1));
    const call = await model.callTo(content);
    expect((await cancel(answer, base)).body).toMatchObject({ content: '', status: 'stopped' });
    await call.aborted;
    expect(outlineOf(await stream.rest())).toEqual(['1-3-0 abort', '- [DONE]']);
    expect(await listed(chatId)).toMatchObject([{ content, status: 'stopped', answerId: answer.messageId }]);
  });

  test('a request that waits for the answer gets 200 with the kept text', async () => {
    const { id: chatId } = await team.makeChat();
    const content = `waited for: ${where}`;
    model.replyTo(content, scripts.neverEnding('so far'));
    const sending = team.send(chatId, content);
    await model.callTo(content);
    await expect
      .poll(() => mongo.raw.collection('turnLog').countDocuments({ text: 'so far' }))
      .toBeGreaterThan(0);
    const [question] = await listed(chatId);
    const stopped = await cancel({ chatId, messageId: question?.answerId } as OneAnswer, base);
    const { status, body } = await sending;
    expect(status).toBe(200);
    expect(body).toEqual(stopped.body);
    expect(body).toMatchObject({ content: 'so far', status: 'stopped' });
    await mongo.raw.collection('turnLog').deleteMany({});
  });

  test('a queued answer is cancelled at once without a call of the model, and its neighbours continue', async () => {
    const { id: chatId } = await team.makeChat();
    const contents = ['front', 'middle', 'back'].map((place) => `${place}: ${where}`);
    const [front = '', middle = '', back = ''] = contents;
    const gate = model.hold();
    const first = team.send(chatId, front);
    await model.callTo(front);
    const second = team.send(chatId, middle);
    await expect.poll(() => storedTurns(mongo.raw, chatId)).toHaveLength(2);
    const third = team.send(chatId, back);
    await expect.poll(() => storedTurns(mongo.raw, chatId)).toHaveLength(3);
    const messageId = (await listed(chatId))[1]?.answerId;
    const { body } = await cancel({ chatId, messageId } as OneAnswer, base);
    expect(body).toMatchObject({ id: messageId, content: '', status: 'stopped' });
    // It is answered before the running answer in front of it.
    expect(await second).toMatchObject({ status: 200, body: { content: '', status: 'stopped' } });
    gate.release();
    expect((await first).body.content).toBe(`You said: ${front}`);
    // The message stays, and the model gets it with the next one.
    expect((await third).body.content).toBe(`You said: ${middle}\n\n${back}`);
    expect(model.calls().map(({ message }) => message)).not.toContain(middle);
    expect(await listed(chatId)).toMatchObject([
      { content: front },
      { status: 'completed' },
      { content: middle, status: 'stopped' },
      { content: back },
      { status: 'completed' },
    ]);
    expect(await storedTurns(mongo.raw, chatId)).toMatchObject([
      { status: 'completed' },
      { status: 'stopped' },
      { status: 'completed' },
    ]);
  });
});

describe('cancelling an ended answer', () => {
  test.each(servers)(
    'a completed or failed answer does not change when it is cancelled over %s',
    async (_, base) => {
      const answered = await team.answered();
      expect((await cancel(answered, base)).body).toMatchObject({
        id: answered.messageId,
        content: 'You said: hello',
        status: 'completed',
      });
      const failed = await team.failed();
      const { status, body } = await cancel(failed, base);
      expect(status).toBe(200);
      expect(body).toMatchObject({ content: '', status: 'failed', errorCode: 'model_key_refused' });
      expect(await storedTurns(mongo.raw, answered.chatId)).toMatchObject([{ status: 'completed' }]);
      expect(await storedTurns(mongo.raw, failed.chatId)).toMatchObject([{ status: 'failed' }]);
    },
  );

  test('a stopped answer is returned unchanged, however often and wherever it is cancelled again', async () => {
    const { id: chatId } = await team.makeChat();
    model.replyTo('stop it, stop it', scripts.neverEnding('kept'));
    const stream = await team.stream(chatId, 'stop it, stop it');
    const answer = answerOf(await stream.until(isPart('text-delta')));
    const atOnce = await Promise.all(
      Array.from({ length: 10 }, (_, index) => cancel(answer, index % 2 ? url : replica.url)),
    );
    const later = await cancel(answer);
    for (const { status, body } of atOnce) {
      expect(status).toBe(200);
      expect(body).toEqual(later.body);
    }
    expect(later.body).toMatchObject({ content: 'kept', status: 'stopped' });
    await stream.rest();
  });
});

test('an answer that is cancelled at its end is the same for every reader, completed or stopped', async () => {
  const ends = new Set<string>();
  for (let round = 0; round < 12; round++) {
    const { id: chatId } = await team.makeChat();
    const gate = createGate();
    model.replyTo(`round ${round}`, async (call) => {
      call.text('first');
      await gate.released;
      call.text(' last');
      call.finish();
    });
    const stream = await team.stream(chatId, `round ${round}`);
    const events = await stream.until(isPart('text-delta'));
    const answer = answerOf(events);
    gate.release();
    const { body } = await cancel(answer, round % 2 ? url : replica.url);
    events.push(...(await stream.rest()));
    expect(['completed', 'stopped']).toContain(body.status);
    ends.add(body.status);
    expect(shownText(events)).toBe(body.content);
    expect(events.some(isPart('abort'))).toBe(body.status === 'stopped');
    const [, stored] = await listed(chatId);
    expect(stored).toMatchObject({ content: body.content, status: body.status });
    if (body.status === 'completed') expect(body.content).toBe('first last');
  }
  expect(ends.size).toBeGreaterThan(0);
});

test('the kept text is part of the model’s next context', async () => {
  const { id: chatId } = await team.makeChat();
  model.replyTo('tell me a story', scripts.neverEnding('Once upon'));
  const stream = await team.stream(chatId, 'tell me a story');
  const answer = answerOf(await stream.until(isPart('text-delta')));
  await cancel(answer);
  await stream.rest();
  await team.send(chatId, 'go on');
  expect(model.calls().at(-1)?.body.messages).toEqual([
    { role: 'user', content: 'tell me a story' },
    { role: 'assistant', content: 'Once upon' },
    { role: 'user', content: 'go on' },
  ]);
});

test('tRPC cancels with the same result as REST', async () => {
  const { id: chatId } = await team.makeChat();
  model.replyTo('by tRPC', scripts.neverEnding('kept'));
  const stream = await team.stream(chatId, 'by tRPC');
  const answer = answerOf(await stream.until(isPart('text-delta')));
  const state = await team.trpc.message.cancel.mutate(answer);
  expect(state).toMatchObject({ id: answer.messageId, content: 'kept', status: 'stopped' });
  expect((await cancel(answer)).body).toEqual(state);
  await stream.rest();
});
