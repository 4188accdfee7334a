import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AnswerReader } from './answer-reader.ts';
import {
  eventually,
  type Harness,
  insertTurn,
  LEASE_MS,
  type Replica,
  startHarness,
  transcript,
  turnsOf,
} from './harness.ts';
import { SteppedAgent } from './stepped-agent.ts';
import { TestClock } from './test-clock.ts';
import { begin, eagerBounds, startTwo } from './two-replicas.ts';

/* An answer that is cancelled while nobody writes it: it waits for its turn, or its runner is dead. */

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness('cancel_waiting');
});
afterEach(async () => {
  await harness.stopReplicas();
  await harness.db.raw.collection('turns').deleteMany({});
});
afterAll(() => harness.stop());

describe('an answer that waits for its turn', () => {
  test('is told stopped at once, wherever it is followed, and ends in its place without a call of the model', async () => {
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
    for (const reader of readers) await eventually(() => reader.types).toEqual(['start']);

    const cancelled = await owner.turns.cancel(harness.scope, place);
    expect(cancelled).toMatchObject({ status: 'queued', isCancelled: true });
    expect((await waiting).outcome).toEqual({ kind: 'empty', attempt: 0 });
    for (const reader of readers) {
      await reader.done;
      expect(reader.types).toEqual(['start', 'end']);
      expect(reader.outcome).toMatchObject({ kind: 'empty' });
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

  test('is told stopped to who waits for it where it is cancelled, without a look at the database', async () => {
    const agent = new SteppedAgent();
    const clock = new TestClock();
    const owner = harness.startReplica({ clock, runAgent: agent.runAgent });
    await clock.rounds();
    const { chat } = await begin(harness, owner, 'first');
    await agent.run('first');
    const accepted = await owner.turns.accept(harness.scope, { chat, content: 'second' });
    const waiting = owner.turns.outcome(harness.scope, accepted);
    await owner.turns.cancel(harness.scope, accepted);
    // The clock stands still: nothing but the cancel itself wakes who waits.
    expect(await waiting).toEqual({ kind: 'empty', attempt: 0 });
  });

  test('is cancelled from the replica that does not hold it, and who waits there is told', async () => {
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

  test('and is claimed as it is cancelled ends stopped all the same, without text', async () => {
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

  test('and that nobody claims, since no model can be called, is ended all the same', async () => {
    const chat = await harness.newChat();
    const turn = await insertTurn(harness, chat, 1);
    await harness.db.stores.turns.cancel(harness.scope, turn.id);
    const checkModel = () => {
      throw new Error('no model');
    };
    harness.startReplica({ checkModel });
    await eventually(() => turnsOf(harness, chat)).toMatchObject([{ status: 'stopped' }]);
  });
});

describe('an answer whose runner is dead', () => {
  const STEP_MS = LEASE_MS / 20;

  async function live(clock: TestClock, replica: Replica, ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      clock.advance(STEP_MS);
      await clock.rounds();
      await replica.tap.quiet();
    }
  }

  /** A run that logged `kept`, and said more, when its process was killed; a successor waits behind it. */
  async function dieWriting() {
    const agent = new SteppedAgent();
    const { runAgent } = agent;
    const dead = harness.startReplica({ bounds: { tickMs: 5 }, runAgent });
    const place = await begin(harness, dead, 'q');
    const run = await agent.run('q');
    await begin(harness, dead, 'next', place.chat);
    run.emit('kept');
    await eventually(() => dead.tap.calls).toContain('turnLog.append');
    await dead.tap.quiet();
    dead.kill();
    run.emit(', and lost');
    return { agent, place };
  }

  test('is told as it stands; whoever takes it over ends it with what was logged, and the chat goes on', async () => {
    const { agent, place } = await dieWriting();
    const clock = new TestClock();
    const other = harness.startReplica({ clock, runAgent: agent.runAgent });
    const third = harness.startReplica({
      bounds: { ...eagerBounds, runningTurnsMax: 0, cancelWaitMaxMs: 1 },
    });
    await clock.rounds();
    expect(await third.turns.cancel(harness.scope, place)).toMatchObject({
      status: 'generating',
      isCancelled: true,
    });
    const reader = new AnswerReader(third, harness.scope, place);
    await eventually(() => reader.text).toBe('kept');
    agent.echo();
    while ((await turnsOf(harness, place.chat))[0]?.['status'] === 'generating') {
      await live(clock, other, STEP_MS);
    }
    await reader.done;
    expect([reader.text, reader.types]).toEqual([
      'kept',
      ['start', 'text-start', 'text-delta', 'text-end', 'end'],
    ]);
    expect(await third.turns.cancel(harness.scope, place)).toMatchObject({
      status: 'stopped',
      answer: { content: 'kept' },
      written: { attempt: 1 },
      textBytes: Buffer.byteLength('qkept'),
    });
    await eventually(() => transcript(harness, place.chat)).toEqual([
      ...['user: q', 'assistant: kept', 'user: next', 'assistant: answer to next'],
    ]);
    // It was called for once, by the one that died.
    expect(agent.runsOf('q')).toHaveLength(1);
  });

  test('is ended though no model can be called and no slot is free: it needs neither', async () => {
    const { place } = await dieWriting();
    const turns = harness.db.raw.collection('turns');
    await turns.updateOne({ chat: place.chat, sequence: 1 }, { $set: { isCancelled: true } });
    const clock = new TestClock();
    const checkModel = () => {
      throw new Error('no model');
    };
    const other = harness.startReplica({ clock, checkModel, bounds: { runningTurnsMax: 0 } });
    await live(clock, other, 2 * LEASE_MS);
    expect(await turnsOf(harness, place.chat)).toMatchObject([{ status: 'stopped' }, { status: 'queued' }]);
    expect((await transcript(harness, place.chat))[1]).toBe('assistant: kept');
  });

  test('and that was never cancelled is written anew, with nothing of the dead run in it', async () => {
    const { agent, place } = await dieWriting();
    const clock = new TestClock();
    const other = harness.startReplica({ clock, runAgent: agent.runAgent });
    agent.echo();
    while ((await transcript(harness, place.chat)).length < 4) await live(clock, other, STEP_MS);
    expect((await transcript(harness, place.chat)).slice(0, 2)).toEqual([
      'user: q',
      'assistant: answer to q',
    ]);
  });

  test('too often keeps what its last run had logged, is interrupted, and may be read so', async () => {
    const { agent, place } = await dieWriting();
    await harness.db.raw.collection('turns').updateOne({ chat: place.chat }, { $set: { takeovers: 2 } });
    const clock = new TestClock();
    const other = harness.startReplica({ clock, runAgent: agent.runAgent });
    while ((await turnsOf(harness, place.chat))[0]?.['status'] === 'generating') {
      await live(clock, other, STEP_MS);
    }
    const reader = new AnswerReader(other, harness.scope, place);
    await reader.done;
    expect([reader.text, reader.outcome]).toEqual([
      'kept',
      { kind: 'failed', errorCode: 'interrupted', attempt: 1, text: 'kept' },
    ]);
    expect((await transcript(harness, place.chat))[1]).not.toContain('kept');
  });
});
