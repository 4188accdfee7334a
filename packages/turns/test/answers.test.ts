import { echoOf, scripts } from '@parley/agent/testing';
import { ApiError, mintId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { accessOf, eventually, insertTurn, LEASE_MS, startHarness, transcript, turnsOf } from './harness.ts';
import { TestClock } from './test-clock.ts';

const harness = await startHarness('answers');

describe('a message', () => {
  test('a message is accepted, answered and stored, and the response contains the stored answer', async () => {
    const { turns } = harness.startReplica();
    const chat = await harness.newChat();
    const { accepted, outcome } = await turns.send(harness.scope, { chat, content: 'hello' });
    expect(outcome).toEqual({
      kind: 'answered',
      attempt: 1,
      status: 'completed',
      answer: {
        id: accepted.answerId,
        role: 'assistant',
        content: echoOf('hello'),
        finishReason: 'stop',
        createdAt: expect.any(Date),
      },
    });
    const { items } = await harness.db.stores.messages.list(await accessOf(harness, chat), {
      limit: 10,
      order: 'asc',
    });
    expect(items.map(({ id }) => id)).toEqual([accepted.userMessageId, accepted.answerId]);
    const [turn] = await turnsOf(harness, chat);
    expect(turn).toMatchObject({
      _id: accepted.turn,
      sequence: 1,
      status: 'completed',
      agentVersion: 1,
      takeovers: 0,
      lease: { attempt: 1 },
      usage: [{ attempt: 1, model: 'scripted', calls: 1, inputTokens: 1, outputTokens: 1 }],
      textBytes: Buffer.byteLength(`hello${echoOf('hello')}`),
    });
  });

  test('a message reaches the model with the history, and the chat’s bytes add up', async () => {
    const { turns } = harness.startReplica();
    const chat = await harness.newChat();
    for (const content of ['one', 'two', 'three']) await turns.send(harness.scope, { chat, content });
    const call = await harness.model.callTo('three');
    expect(call.body.messages.map(({ content }) => content)).toEqual([
      'one',
      echoOf('one'),
      'two',
      echoOf('two'),
      'three',
    ]);
    const documents = await turnsOf(harness, chat);
    const text = ['one', echoOf('one'), 'two', echoOf('two'), 'three', echoOf('three')].join('');
    expect(documents.at(-1)?.['textBytes']).toBe(Buffer.byteLength(text));
  });

  test('a message to a missing chat, or to a chat of another team, is rejected and stores nothing', async () => {
    const { turns } = harness.startReplica();
    const chat = await harness.newChat();
    const nowhere = mintId('chat');
    await expect(turns.send(harness.scope, { chat: nowhere, content: 'x' })).rejects.toMatchObject({
      code: 'chat_not_found',
    });
    await expect(turns.send({ team: mintId('team') }, { chat, content: 'x' })).rejects.toMatchObject({
      code: 'chat_not_found',
    });
    expect(await turnsOf(harness, chat)).toEqual([]);
  });

  test('a message is rejected before it is stored while no model can be called', async () => {
    const checkModel = () => {
      throw new ApiError('model_loading');
    };
    const { turns } = harness.startReplica({ checkModel });
    const chat = await harness.newChat();
    await expect(turns.send(harness.scope, { chat, content: 'x' })).rejects.toMatchObject({
      code: 'model_loading',
      facts: {},
    });
    expect(await turnsOf(harness, chat)).toEqual([]);
  });

  test('a message beyond the chat’s text limit or message limit is rejected', async () => {
    const full = await harness.newChat();
    // Another process sends the first message, because it remembers the tail and would not read what this test writes.
    await harness.startReplica().turns.send(harness.scope, { chat: full, content: 'x' });
    const { turns } = harness.startReplica();
    const set = (fields: object) =>
      harness.db.raw.collection('turns').updateOne({ chat: full }, { $set: fields });
    await set({ textBytes: 16 * 1024 * 1024 - 3 });
    await expect(turns.send(harness.scope, { chat: full, content: '1234' })).rejects.toMatchObject({
      code: 'chat_full',
    });
    await set({ textBytes: 0, sequence: 5_000 });
    await expect(turns.send(harness.scope, { chat: full, content: '1' })).rejects.toMatchObject({
      code: 'chat_full',
    });
    await set({ sequence: 4_999 });
    expect(await turns.send(harness.scope, { chat: full, content: '1' })).toMatchObject({
      outcome: { kind: 'answered' },
    });
  });
});

describe('a deletion between the checks of a message', () => {
  test('a chat that is deleted after acceptance removes the turn, rejects the sender and calls no model', async () => {
    const { turns, tap } = harness.startReplica();
    const chat = await harness.newChat();
    tap.intercept('turns.insert', async (proceed) => {
      const result = await proceed();
      await harness.db.stores.chats.markDeleted(harness.scope, chat);
      await harness.db.stores.chats.purge(chat);
      return result;
    });
    const { outcome } = await turns.send(harness.scope, { chat, content: 'to a deleted chat' });
    expect(outcome).toEqual({ kind: 'deleted' });
    expect(await turnsOf(harness, chat)).toEqual([]);
    expect(harness.model.calls().filter(({ message }) => message === 'to a deleted chat')).toEqual([]);
  });

  test('a message whose insert arrives after the deletion meets the marker and is rejected', async () => {
    const { turns, tap } = harness.startReplica();
    const chat = await harness.newChat();
    await turns.send(harness.scope, { chat, content: 'first' });
    const insert = tap.hold('turns.insert');
    const sending = turns.send(harness.scope, { chat, content: 'late' });
    await insert.reached;
    await turns.deleteChat(harness.scope, chat);
    insert.release();
    await expect(sending).rejects.toMatchObject({ code: 'chat_not_found' });
    expect(await turnsOf(harness, chat)).toEqual([]);
    expect(harness.model.calls().filter(({ message }) => message === 'late')).toEqual([]);
  });
});

describe('a model that fails', () => {
  test.each([
    ['model_key_refused', scripts.status(401), 1, ''],
    ['model_failed', scripts.status(500), 2, ''],
    ['model_rate_limited', scripts.status(429), 2, ''],
    ['model_failed', scripts.cutAfter('half an '), 1, 'half an '],
  ] as const)(
    'a failing model ends the turn with %s, its calls are counted, and the chat continues',
    async (code, script, calls, text) => {
      const { turns } = harness.startReplica();
      const chat = await harness.newChat();
      const question = `fail ${mintId('request')}`;
      harness.model.replyTo(question, script);
      const { outcome } = await turns.send(harness.scope, { chat, content: question });
      const shown = text === '' ? {} : { answer: expect.objectContaining({ content: text }) };
      expect(outcome).toEqual({ kind: 'failed', errorCode: code, attempt: 1, text, ...shown });
      const next = await turns.send(harness.scope, { chat, content: 'and now?' });
      expect(next.outcome).toMatchObject({ kind: 'answered' });
      const [failed] = await turnsOf(harness, chat);
      expect(failed).toMatchObject({
        status: 'failed',
        agentVersion: 1,
        usage: [{ attempt: 1, model: 'scripted', calls }],
        textBytes: Buffer.byteLength(question + text),
      });
      expect(failed?.['exactErrorCode'] ?? failed?.['errorCode']).toBe(code);
      // The text that was shown is an answer. Without one, the model gets both messages as one.
      expect(await transcript(harness, chat)).toEqual([
        `user: ${question}`,
        ...(text === '' ? [] : [`assistant: ${text}`]),
        'user: and now?',
        `assistant: ${echoOf(text === '' ? `${question}\n\nand now?` : 'and now?')}`,
      ]);
    },
  );

  test('a deleted agent fails the turn, and the chat continues with the next message', async () => {
    const { turns } = harness.startReplica();
    const { id: chat } = await harness.db.stores.chats.create(harness.scope, {
      agent: mintId('agent'),
      agentType: 't',
    });
    for (const content of ['x', 'y']) {
      const { outcome } = await turns.send(harness.scope, { chat, content });
      expect(outcome).toMatchObject({ kind: 'failed', errorCode: 'agent_not_found', text: '' });
    }
    expect(await transcript(harness, chat)).toEqual(['user: x', 'user: y']);
  });

  test('a model that becomes unavailable after acceptance fails the turn with its error', async () => {
    const runAgent = async () => {
      throw new ApiError('model_loading');
    };
    const { turns } = harness.startReplica({ runAgent });
    const chat = await harness.newChat();
    const { outcome } = await turns.send(harness.scope, { chat, content: 'x' });
    expect(outcome).toMatchObject({ kind: 'failed', errorCode: 'model_loading', text: '' });
  });
});

test('turns keep their order when one is claimed before its predecessor has ended', async () => {
  const chat = await harness.newChat();
  const held = harness.model.hold();
  const { turns, tap } = harness.startReplica({ bounds: { leaseMs: 3_600_000 } });
  const first = turns.send(harness.scope, { chat, content: 'goes first' });
  await harness.model.callTo('goes first');
  const second = await insertTurn(harness, chat, 2, { content: 'second' });
  // The recovery loop of this process reads stale data.
  const clock = new TestClock();
  const other = harness.startReplica({ clock });
  await clock.rounds();
  other.tap.intercept('turns.hasPredecessorEnded', async () => true);
  other.tap.intercept('turns.listUnfinished', async () => [
    { ...second, team: harness.scope.team, status: 'queued', takeovers: 0, isCancelled: false },
  ]);
  clock.advance(LEASE_MS / 2);
  await eventually(() => other.tap.calls).toContain('turns.release');
  expect(harness.model.calls().filter(({ message }) => message === 'second')).toEqual([]);
  other.tap.pass('turns.listUnfinished');
  held.release();
  await first;
  await clock.rounds();
  clock.advance(LEASE_MS / 2);
  await eventually(() => transcript(harness, chat)).toHaveLength(4);
  expect(await transcript(harness, chat)).toEqual([
    'user: goes first',
    `assistant: ${echoOf('goes first')}`,
    'user: second',
    `assistant: ${echoOf('second')}`,
  ]);
  expect(tap.calls).not.toContain('turns.claimNext');
});
