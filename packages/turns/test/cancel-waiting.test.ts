import { describe, expect, test } from 'vitest';
import { AnswerReader } from './answer-reader.ts';
import { accessOf, eventually, insertTurn, type Replica, startHarness, turnsOf } from './harness.ts';
import { SteppedAgent } from './stepped-agent.ts';
import { TestClock } from './test-clock.ts';
import { begin, startTwo } from './two-replicas.ts';

/* A waiting answer that is cancelled is stopped at once for its readers and stays in the queue. */

const harness = await startHarness('cancel_waiting');

describe('an answer that waits for its turn', () => {
  test('a waiting answer is stopped at once for all readers, and ends in its place without a call of the model', async () => {
    const { agent, owner, other } = startTwo(harness);
    const { chat } = await begin(harness, owner, 'first');
    const first = await agent.run('first');
    const waiting = owner.turns.send(harness.scope, { chat, content: 'second' });
    await eventually(() => turnsOf(harness, chat)).toHaveLength(2);
    const [, second] = await turnsOf(harness, chat);
    const place = { chat, answerId: second?.['answerId'] as string };
    const third = owner.turns.send(harness.scope, { chat, content: 'third' });
    await eventually(() => turnsOf(harness, chat)).toHaveLength(3);
    const readers = [owner, other].map((replica) => new AnswerReader(replica, harness.scope, place));
    for (const reader of readers) await eventually(() => reader.types).toEqual(['start', 'status']);

    const cancelled = await owner.turns.cancel(harness.scope, place);
    expect(cancelled).toMatchObject({ status: 'queued', isCancelled: true });
    expect((await waiting).outcome).toEqual({ kind: 'empty', attempt: 0 });
    for (const reader of readers) {
      await reader.done;
      expect(reader.types).toEqual(['start', 'status', 'end']);
      expect(reader.end).toEqual({ type: 'end', status: 'stopped' });
    }
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'generating' }, { status: 'queued' }, {}]);

    first.emit('1');
    first.finish();
    (await agent.run('third')).emit('3');
    (await agent.run('third')).finish();
    expect((await third).outcome).toMatchObject({ kind: 'answered', answer: { content: '3' } });
    expect(await turnsOf(harness, chat)).toMatchObject([
      { sequence: 1, status: 'completed' },
      { sequence: 2, status: 'stopped', textBytes: Buffer.byteLength('first1second') },
      { sequence: 3, status: 'completed' },
    ]);
    expect(agent.runsOf('second')).toEqual([]);
    expect((await agent.run('third')).messages).toEqual([
      ...['user: first', 'assistant: 1', 'user: second', 'user: third'],
    ]);
    expect(await owner.turns.cancel(harness.scope, place)).toMatchObject({ status: 'stopped' });
  });

  test('the sender of a waiting answer learns of the cancel in the same process without a query', async () => {
    const agent = new SteppedAgent();
    const clock = new TestClock();
    const owner = harness.startReplica({ clock, runAgent: agent.runAgent });
    await clock.rounds();
    const { chat } = await begin(harness, owner, 'first');
    await agent.run('first');
    const accepted = await owner.turns.accept(harness.scope, { chat, content: 'second' });
    const waiting = owner.turns.outcome(harness.scope, accepted);
    await owner.turns.cancel(harness.scope, accepted);
    // The clock does not move, so only the cancel can wake the waiting request.
    expect(await waiting).toEqual({ kind: 'empty', attempt: 0 });
  });

  test('a waiting answer is cancelled from another process, and its sender learns of it', async () => {
    const { agent, owner, other } = startTwo(harness);
    const { chat } = await begin(harness, owner, 'first');
    await agent.run('first');
    const waiting = owner.turns.send(harness.scope, { chat, content: 'second' });
    await eventually(() => turnsOf(harness, chat)).toHaveLength(2);
    const [, second] = await turnsOf(harness, chat);
    const place = { chat, answerId: second?.['answerId'] as string };
    expect(await other.turns.cancel(harness.scope, place)).toMatchObject({ isCancelled: true });
    expect((await waiting).outcome).toMatchObject({ kind: 'empty' });
  });

  test('an answer that is claimed while it is cancelled ends `stopped` without text', async () => {
    const { agent, owner, other } = startTwo(harness);
    for (let round = 0; round < 10; round++) {
      const question = `first ${round}`;
      const { chat } = await begin(harness, owner, question);
      const first = await agent.run(question);
      const place = await begin(harness, owner, `second ${round}`, chat);
      const canceller = round % 2 ? owner : other;
      const cancelling = canceller.turns.cancel(harness.scope, place);
      for (let ticks = round; ticks > 0; ticks--) await new Promise(setImmediate);
      first.finish();
      expect(await cancelling).toMatchObject({ isCancelled: true });
      await eventually(() => turnsOf(harness, chat)).toMatchObject([
        { status: 'completed' },
        { status: 'stopped', takeovers: 0 },
      ]);
    }
  });

  test('an answer without a free place ends in the database too, whichever process cancels it', async () => {
    const agent = new SteppedAgent();
    const { runAgent } = agent;
    // The first answer holds the only place. The recovery loop ends turns that another process cancelled.
    const owner = harness.startReplica({ runAgent, bounds: { tickMs: 5, runningTurnsMax: 1 } });
    const { chat } = await begin(harness, owner, 'holds the place');
    await agent.run('holds the place');
    const waiting = [await begin(harness, owner, 'here'), await begin(harness, owner, 'elsewhere')] as const;
    await owner.turns.cancel(harness.scope, waiting[0]);
    await eventually(() => turnsOf(harness, waiting[0].chat)).toMatchObject([{ status: 'stopped' }]);
    const other = harness.startReplica({ runAgent, bounds: { runningTurnsMax: 0 } });
    await other.turns.cancel(harness.scope, waiting[1]);
    await eventually(() => turnsOf(harness, waiting[1].chat)).toMatchObject([{ status: 'stopped' }]);
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'generating' }]);
    expect(agent.runs).toHaveLength(1);
    // The cancel freed no place, so the next turn waits for the end of the first.
    const next = await begin(harness, owner, 'next');
    (await agent.run('holds the place')).finish();
    const run = await agent.run('next');
    run.emit('text');
    run.finish();
    await eventually(() => turnsOf(harness, next.chat)).toMatchObject([{ status: 'completed' }]);
  });

  test('an answer that nobody can claim because no model can be called is ended', async () => {
    const chat = await harness.newChat();
    const turn = await insertTurn(harness, chat, 1);
    await harness.db.stores.turns.cancel(await accessOf(harness, turn.chat), turn.id);
    const checkModel = () => {
      throw new Error('no model');
    };
    harness.startReplica({ checkModel });
    await eventually(() => turnsOf(harness, chat)).toMatchObject([{ status: 'stopped' }]);
  });
});

test('a message whose answer was cancelled before it began is found by searches', async () => {
  const { agent, owner } = startTwo(harness);
  const { chat, first } = await cancelSecond(owner, agent, 'pomegranate');
  first.finish();
  await eventually(() => find('pomegranate')).toEqual([chat]);
});

test('a cancelled message is found although its process died before it wrote the words', async () => {
  const { agent, owner } = startTwo(harness);
  const { chat, first } = await cancelSecond(owner, agent, 'quince');
  const words = owner.tap.hold('search.add');
  first.finish();
  await words.reached;
  await eventually(() => turnsOf(harness, chat)).toMatchObject([{}, { status: 'stopped' }]);
  owner.kill();
  const clock = new TestClock();
  harness.startReplica({ clock });
  clock.advance(60_000);
  await eventually(() => find('quince')).toEqual([chat]);
});

/** Cancels a second message while the first is being answered. */
async function cancelSecond(owner: Replica, agent: SteppedAgent, content: string) {
  const { chat } = await begin(harness, owner, `before ${content}`);
  const first = await agent.run(`before ${content}`);
  await owner.turns.cancel(harness.scope, await begin(harness, owner, content, chat));
  return { chat, first };
}

/** The chats in which a search finds a message. */
async function find(text: string): Promise<string[]> {
  const { items } = await harness.db.stores.search.find(harness.scope, text, { limit: 10 });
  return items.filter(({ snippet }) => snippet === text).map(({ chat }) => chat);
}
