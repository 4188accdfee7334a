import { createGate, type ModelScript, scripts } from '@parley/agent/testing';
import { type ErrorCode, errorEntry } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { answerOf, DONE, isPart, outlineOf, partsOf, shownText } from '../support/ui-message-stream.ts';

/* Every end of an answer is sent in parts that AI SDK clients know, followed by `[DONE]`. */

const { makeTeam, model, log, startReplica } = await startHarness({ bounds: { tickMs: 25 } });
const team = await makeTeam();
// The model's server has accepted all optional fields, so that a 400 is a rejection of the message.
await team.send((await team.makeChat()).id, 'hello');

const listed = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages;

describe('clients that disconnect', () => {
  test.each(['before the first word', 'within the text'])('%s never stops the turn', async (when) => {
    const { id: chatId } = await team.makeChat();
    const gate = createGate();
    model.replyTo(when, async (call) => {
      if (when === 'within the text') call.text('I went ');
      await gate.released;
      call.text('on.');
      call.finish();
    });
    const stream = await team.stream(chatId, when);
    if (when === 'within the text') await stream.until(isPart('text-delta'));
    const call = await model.callTo(when);
    const disconnected = log.next(({ msg }) => msg === 'client disconnected');
    stream.close();
    await disconnected;
    expect(call.isAborted).toBe(false);
    gate.release();
    await expect
      .poll(() => listed(chatId))
      .toMatchObject([
        {},
        { content: when === 'within the text' ? 'I went on.' : 'on.', status: 'completed' },
      ]);
  });
});

describe('a stopped answer', () => {
  test('an answer that is stopped in its text ends with `abort` and keeps the streamed text', async () => {
    const { id: chatId } = await team.makeChat();
    model.replyTo('stop me', scripts.neverEnding('kept so '));
    const stream = await team.stream(chatId, 'stop me');
    const events = await stream.until(isPart('text-delta'));
    const { messageId } = answerOf(events);
    await team.trpc.message.cancel.mutate({ chatId, messageId });
    events.push(...(await stream.rest()));
    expect(outlineOf(events)).toEqual([
      '0-0-0 start',
      '1-1-0 text-start',
      '1-1-8 text-delta kept so ',
      '1-2-8 text-end',
      '1-3-0 abort',
      `- ${DONE}`,
    ]);
    expect((await listed(chatId))[1]).toMatchObject({ content: shownText(events), status: 'stopped' });
  });

  test('an answer that is stopped before its first word has no text', async () => {
    const { id: chatId } = await team.makeChat();
    model.replyTo('stop me early', (call) => call.open());
    const stream = await team.stream(chatId, 'stop me early');
    const events = await stream.take(1);
    await model.callTo('stop me early');
    await team.trpc.message.cancel.mutate({ chatId, messageId: answerOf(events).messageId });
    events.push(...(await stream.rest()));
    expect(outlineOf(events)).toEqual(['0-0-0 start', '1-3-0 abort', `- ${DONE}`]);
  });

  test('a queued answer that is stopped ends at once, and the running one continues', async () => {
    const { id: chatId } = await team.makeChat();
    model.replyTo('in front', scripts.neverEnding('busy'));
    const first = await team.stream(chatId, 'in front');
    await first.until(isPart('text-delta'));
    const second = await team.stream(chatId, 'behind');
    const events = await second.take(1);
    await team.trpc.message.cancel.mutate({ chatId, messageId: answerOf(events).messageId });
    events.push(...(await second.rest()));
    expect(outlineOf(events)).toEqual(['0-0-0 start', '0-0-0 data-status', '0-3-0 abort', `- ${DONE}`]);
    const status = { type: 'data-status', data: { status: 'queued', position: 1 }, transient: true };
    expect(partsOf(events.slice(0, 2))[1]).toEqual(status);
    await team.rest('DELETE', `/chat/${chatId}`);
    await first.rest();
    expect(model.calls().map(({ message }) => message)).not.toContain('behind');
  });
});

describe('a failed answer', () => {
  const failed = (code: ErrorCode, messageId: string) => [
    {
      type: 'data-refusal',
      data: { code, message: errorEntry(code).message, messageId },
      transient: true,
    },
    { type: 'error', errorText: errorEntry(code).message },
  ];
  const FINAL = { headers: { 'x-should-retry': 'false' } };
  const before: [string, ErrorCode, ModelScript][] = [
    ['model_refused', 'model_refused', scripts.status(400, FINAL)],
    ['model_rate_limited', 'model_rate_limited', scripts.status(429, FINAL)],
    ['model_failed', 'model_failed', scripts.status(500, FINAL)],
    ['model_timeout', 'model_timeout', scripts.status(504, FINAL)],
  ];

  test.each(before)(
    'an answer that fails before its first word with %s streams the code and then the error message',
    async (_, code, script) => {
      const { id: chatId } = await team.makeChat();
      model.reply(script);
      const events = await (await team.stream(chatId, 'fail')).rest();
      const { messageId } = answerOf(events);
      expect(partsOf(events).slice(1)).toEqual(failed(code, messageId));
      expect(outlineOf(events)).toEqual([
        '0-0-0 start',
        `- data-refusal ${code}`,
        '1-3-0 error',
        `- ${DONE}`,
      ]);
      expect(await listed(chatId)).toMatchObject([
        { status: 'failed', errorCode: code, answerId: messageId },
      ]);
    },
  );

  test('an answer that fails in its text closes the text first, and the list keeps the text', async () => {
    const { id: chatId } = await team.makeChat();
    model.reply(scripts.cutAfter('half an ans'));
    const events = await (await team.stream(chatId, 'fail later')).rest();
    const { messageId } = answerOf(events);
    expect(outlineOf(events)).toEqual([
      '0-0-0 start',
      '1-1-0 text-start',
      '1-1-11 text-delta half an ans',
      '1-2-11 text-end',
      '- data-refusal model_failed',
      '1-3-0 error',
      `- ${DONE}`,
    ]);
    expect(partsOf(events).slice(-2)).toEqual(failed('model_failed', messageId));
    expect(await listed(chatId)).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: 'half an ans', status: 'failed', errorCode: 'model_failed' },
    ]);
  });
});

test('a chat that is deleted during its answer ends the stream with chat_not_found', async () => {
  const { id: chatId } = await team.makeChat();
  model.replyTo('delete me', scripts.neverEnding('deleted soon'));
  const stream = await team.stream(chatId, 'delete me');
  await stream.until(isPart('text-delta'));
  const call = await model.callTo('delete me');
  await team.rest('DELETE', `/chat/${chatId}`);
  expect(outlineOf(await stream.rest())).toEqual(['- data-refusal chat_not_found', '- error', `- ${DONE}`]);
  await call.aborted;
});

test('a server that shuts down ends the stream with draining, and another continues after its last event', async () => {
  const replica = await startReplica({ bounds: { tickMs: 25 } });
  const { id: chatId } = await team.makeChat();
  let calls = 0;
  model.replyTo('hand me over', (call) => {
    calls++;
    if (calls === 1) return scripts.neverEnding('the first ')(call);
    return scripts.text('another text')(call);
  });
  const stream = await team.stream(chatId, 'hand me over', { url: replica.url });
  const events = await stream.until(isPart('text-delta'));
  const drained = replica.composition.turns.drain(0);
  const rest = await stream.rest();
  expect(outlineOf(rest)).toEqual(['- data-refusal draining', '- error', `- ${DONE}`]);
  await drained;

  const answer = answerOf(events);
  const resumed = await team.resume(answer, { after: events.at(-1)?.id });
  const more = await resumed.rest();
  const [, stored] = await listed(chatId);
  expect(stored).toMatchObject({ id: answer.messageId, content: 'another text', status: 'completed' });
  // Another run has another text, which replaces the shown text once.
  expect(shownText(more, shownText(events))).toBe('another text');
  expect(more.filter(isPart('data-snapshot'))).toHaveLength(1);
});
