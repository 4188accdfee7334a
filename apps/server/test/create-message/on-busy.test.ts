import { createGate, scripts } from '@parley/agent/testing';
import type { Answer } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { rest } from '../support/client.ts';
import { storedTurns } from '../support/stored-turns.ts';
import { answerOf, isPart, outlineOf, shownText } from '../support/ui-message-stream.ts';

/* A message that arrives while its chat is answering. */

const BOUNDS = { bounds: { tickMs: 20 } };
const { makeTeam, model, mongo, url, startReplica } = await startHarness(BOUNDS);
const replica = await startReplica(BOUNDS);
const team = await makeTeam();
const servers = [
  ['the same server', url],
  ['another server', replica.url],
] as const;

const listed = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages;
const sendTo = (base: string, chatId: string, content: string, onBusy?: string) =>
  rest<Answer>(base, 'POST', `/chat/${chatId}/message`, {
    key: team.secretKey,
    body: { content, role: 'user', ...(onBusy && { onBusy }) },
  });

describe.each(servers)('onBusy over %s', (where, base) => {
  test('a message with `enqueue`, or without onBusy, waits for its turn', async () => {
    for (const onBusy of [undefined, 'enqueue']) {
      const { id: chatId } = await team.makeChat();
      const content = `first, ${where}, ${onBusy}`;
      const gate = createGate();
      model.replyTo(content, async (call) => {
        await gate.released;
        return scripts.echo()(call);
      });
      const first = sendTo(url, chatId, content);
      await model.callTo(content);
      const second = sendTo(base, chatId, 'second', onBusy);
      await expect.poll(() => storedTurns(mongo.raw, chatId)).toHaveLength(2);
      gate.release();
      expect((await first).body.content).toBe(`You said: ${content}`);
      expect((await second).body.content).toBe('You said: second');
    }
  });

  test('a message with `reject` returns 409 chat_busy with Retry-After and is accepted after the end', async () => {
    const { id: chatId } = await team.makeChat();
    const content = `busy, ${where}`;
    const gate = model.hold();
    const first = sendTo(url, chatId, content, 'reject');
    await model.callTo(content);
    const turns = await storedTurns(mongo.raw, chatId);
    const { status, apiError, headers } = await sendTo(base, chatId, 'me', 'reject');
    expect(status).toBe(409);
    expect(apiError.code).toBe('chat_busy');
    expect(apiError).not.toHaveProperty('messageId');
    expect(headers.get('retry-after')).toBe('2');
    expect(await storedTurns(mongo.raw, chatId)).toHaveLength(turns.length);
    gate.release();
    expect((await first).status).toBe(200);
    expect((await sendTo(base, chatId, 'me', 'reject')).body.content).toBe('You said: me');
  });

  test('a message with `interrupt` stops the running answer, which keeps its text, and goes first', async () => {
    const { id: chatId } = await team.makeChat();
    const content = `interrupted, ${where}`;
    model.replyTo(content, scripts.neverEnding('I was about to'));
    const stream = await team.stream(chatId, content);
    const events = await stream.until(isPart('text-delta'));
    const call = await model.callTo(content);
    const { status, body } = await sendTo(base, chatId, 'stop, this instead', 'interrupt');
    expect(status).toBe(200);
    expect(body.content).toBe('You said: stop, this instead');
    await call.aborted;
    events.push(...(await stream.rest()));
    expect(outlineOf(events).slice(-2)).toEqual(['1-3-0 abort', '- [DONE]']);
    expect(shownText(events)).toBe('I was about to');
    expect(await listed(chatId)).toMatchObject([
      { content },
      { id: answerOf(events).messageId, content: 'I was about to', status: 'stopped' },
      { content: 'stop, this instead' },
      { id: body.id, status: 'completed' },
    ]);
  });

  test('a message with `interrupt` stops waiting messages without a call of the model', async () => {
    const { id: chatId } = await team.makeChat();
    const content = `in front, ${where}`;
    model.replyTo(content, scripts.neverEnding('kept'));
    const waiting = [sendTo(url, chatId, content)];
    await model.callTo(content);
    for (const [index, name] of ['queued 1', 'queued 2'].entries()) {
      waiting.push(sendTo(index % 2 ? base : url, chatId, `${name}, ${where}`));
      await expect.poll(() => storedTurns(mongo.raw, chatId)).toHaveLength(index + 2);
    }
    const { body } = await sendTo(base, chatId, 'now', 'interrupt');
    expect(body.status).toBe('completed');
    const answers = await Promise.all(waiting);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers.map((answer) => answer.body.status)).toEqual(['stopped', 'stopped', 'stopped']);
    expect(answers.slice(1).map((answer) => answer.body.content)).toEqual(['', '']);
    const asked = model.calls().map(({ message }) => message);
    expect(asked).not.toContain(`queued 1, ${where}`);
    expect((await storedTurns(mongo.raw, chatId)).map(({ status }) => status)).toEqual([
      'stopped',
      'stopped',
      'stopped',
      'completed',
    ]);
  });
});

test('one of many concurrent `reject` messages to an idle chat is accepted, on any number of servers', async () => {
  const { id: chatId } = await team.makeChat();
  const gate = model.hold();
  let rejected = 0;
  const sends = Array.from({ length: 8 }, async (_, index) => {
    const answer = await sendTo(index % 2 ? url : replica.url, chatId, `only one ${index}`, 'reject');
    if (answer.status === 409) rejected++;
    return answer;
  });
  // All others are rejected while the accepted one is being answered.
  await expect.poll(() => rejected).toBe(7);
  gate.release();
  const answers = await Promise.all(sends);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(7).fill(409)]);
  expect(await storedTurns(mongo.raw, chatId)).toHaveLength(1);
});

test('`interrupt` in an idle chat, or after a failed answer, is an ordinary message', async () => {
  const failed = await team.failed();
  const { body } = await sendTo(url, failed.chatId, 'hello', 'interrupt');
  expect(body.status).toBe('completed');
  const quiet = await team.makeChat();
  expect((await sendTo(replica.url, quiet.id, 'hello', 'interrupt')).body.content).toBe('You said: hello');
});

test('a full queue rejects `interrupt` too', async () => {
  const small = await startReplica({ bounds: { queuedTurnsPerChatMax: 1 } });
  const { id: chatId } = await team.makeChat();
  const gate = model.hold();
  const sends = [sendTo(small.url, chatId, 'running')];
  await model.callTo('running');
  sends.push(sendTo(small.url, chatId, 'waiting'));
  await expect.poll(() => storedTurns(mongo.raw, chatId)).toHaveLength(2);
  for (const onBusy of ['enqueue', 'interrupt']) {
    expect((await sendTo(small.url, chatId, 'too much', onBusy)).apiError.code).toBe('queue_full');
  }
  // A message with `reject` gets the error at once.
  expect((await sendTo(small.url, chatId, 'too much', 'reject')).status).toBe(409);
  gate.release();
  for (const { status } of await Promise.all(sends)) expect(status).toBe(200);
});

test('tRPC treats `onBusy` as REST does', async () => {
  const { id: chatId } = await team.makeChat();
  const gate = model.hold();
  const first = sendTo(url, chatId, 'by tRPC');
  await model.callTo('by tRPC');
  const input = { chatId, content: 'x', role: 'user', onBusy: 'reject' } as const;
  await expect(team.trpc.message.create.mutate(input)).rejects.toMatchObject({
    data: { httpStatus: 409, apiError: { code: 'chat_busy' } },
  });
  gate.release();
  await first;
});
