import { mintId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { AnswerReader } from './answer-reader.ts';
import { eventually, startHarness, TICK_MS, transcript, turnsOf } from './harness.ts';
import { SteppedAgent } from './stepped-agent.ts';
import { TestClock } from './test-clock.ts';
import { begin, startTwo } from './two-replicas.ts';

const harness = await startHarness('cancel');

describe('an answer that is being written', () => {
  test('cancelling stops the run and keeps exactly the text that was shown', async () => {
    const { agent, owner, other } = startTwo(harness);
    const place = await begin(harness, owner, 'q');
    const readers = [owner, other].map((replica) => new AnswerReader(replica, harness.scope, place));
    const run = await agent.run('q');
    run.emit('shown so far');
    for (const reader of readers) await eventually(() => reader.text).toBe('shown so far');
    const cancelled = await owner.turns.cancel(harness.scope, place);
    expect(run.signal.aborted).toBe(true);
    run.emit(', and too late');
    expect(cancelled).toMatchObject({
      status: 'stopped',
      answer: { id: place.answerId, content: 'shown so far' },
      written: { attempt: 1, text: 'shown so far' },
      textBytes: Buffer.byteLength('qshown so far'),
    });
    for (const reader of readers) {
      expect(await reader.done).toBeUndefined();
      expect(reader.text).toBe('shown so far');
      expect(reader.end).toMatchObject({ status: 'stopped', createdAt: expect.any(String) });
    }
    expect(await transcript(harness, place.chat)).toEqual(['user: q', 'assistant: shown so far']);
  });

  test('cancelling stops a run in its own process at once and ignores later text', async () => {
    const agent = new SteppedAgent();
    const clock = new TestClock();
    const owner = harness.startReplica({ clock, runAgent: agent.runAgent });
    await clock.rounds();
    const place = await begin(harness, owner, 'q');
    const reader = new AnswerReader(owner, harness.scope, place);
    const run = await agent.run('q');
    run.emit('half');
    await eventually(() => reader.text).toBe('half');
    const end = owner.tap.hold('turns.end');
    const cancelling = owner.turns.cancel(harness.scope, place);
    await end.reached;
    run.emit(', and too late');
    end.release();
    expect(await cancelling).toMatchObject({ status: 'stopped', answer: { content: 'half' } });
    expect(await reader.done).toBeUndefined();
    expect(reader.types).toEqual(['start', 'text-start', 'text-delta', 'text-end', 'end']);
  });

  test('the text of a stopped answer is part of the context of the next message', async () => {
    const { agent, owner } = startTwo(harness);
    const place = await begin(harness, owner, 'q');
    const run = await agent.run('q');
    run.emit('half');
    await owner.turns.cancel(harness.scope, place);
    const next = owner.turns.send(harness.scope, { chat: place.chat, content: 'go on' });
    const { messages } = await agent.run('go on');
    expect(messages).toEqual(['user: q', 'assistant: half', 'user: go on']);
    agent.echo();
    expect(await next).toMatchObject({ outcome: { kind: 'answered', status: 'completed' } });
  });

  test('an answer that is stopped before its first word is empty, and its sender learns of it', async () => {
    const { agent, owner } = startTwo(harness);
    const chat = await harness.newChat();
    const sending = owner.turns.send(harness.scope, { chat, content: 'q' });
    await agent.run('q');
    const [turn] = await turnsOf(harness, chat);
    const cancelled = await owner.turns.cancel(harness.scope, { chat, answerId: turn?.['answerId'] });
    expect(cancelled).toMatchObject({ status: 'stopped', textBytes: 1 });
    expect(cancelled).not.toHaveProperty('answer');
    expect((await sending).outcome).toEqual({ kind: 'empty', attempt: 1 });
    expect(await transcript(harness, chat)).toEqual(['user: q']);
  });

  test('an answer in another process stops with that process’s next tick, and the request returns its end', async () => {
    const agent = new SteppedAgent();
    const clock = new TestClock();
    const owner = harness.startReplica({ clock, runAgent: agent.runAgent });
    const other = harness.startReplica({ bounds: { runningTurnsMax: 0 } });
    await clock.rounds();
    const place = await begin(harness, owner, 'q');
    const run = await agent.run('q');
    run.emit('half');
    const cancelling = other.turns.cancel(harness.scope, place);
    await eventually(() => other.tap.calls).toContain('turns.cancel');
    await eventually(() => turnsOf(harness, place.chat)).toMatchObject([{ isCancelled: true }]);
    expect(run.signal.aborted).toBe(false);
    clock.advance(TICK_MS);
    expect(await cancelling).toMatchObject({ status: 'stopped', answer: { content: 'half' } });
    expect(run.signal.aborted).toBe(true);
  });

  test('cancelling returns the stored status after the longest wait if the process does not react', async () => {
    const agent = new SteppedAgent();
    const owner = harness.startReplica({ clock: new TestClock(), runAgent: agent.runAgent });
    const clock = new TestClock();
    const other = harness.startReplica({ clock, bounds: { runningTurnsMax: 0, cancelWaitMaxMs: 1_000 } });
    await clock.rounds();
    const place = await begin(harness, owner, 'q');
    await agent.run('q');
    const cancelling = other.turns.cancel(harness.scope, place);
    let isNotified = false;
    void cancelling.then(() => {
      isNotified = true;
    });
    await clock.someoneElse();
    while (clock.now() < 900) {
      clock.advance(100);
      await other.tap.quiet();
    }
    expect(isNotified).toBe(false);
    while (!isNotified) {
      clock.advance(100);
      await other.tap.quiet();
      await new Promise(setImmediate);
    }
    expect(await cancelling).toMatchObject({ status: 'generating', isCancelled: true });
    expect(clock.now()).toBeLessThanOrEqual(1_500);
  });

  test('a turn that is cancelled before the call of the model ends without a call', async () => {
    const { agent, owner } = startTwo(harness);
    const query = owner.tap.hold('turns.readRunContext');
    const place = await begin(harness, owner, 'q');
    await query.reached;
    const cancelling = owner.turns.cancel(harness.scope, place);
    await eventually(() => owner.tap.calls).toContain('turns.cancel');
    await eventually(() => turnsOf(harness, place.chat)).toMatchObject([{ isCancelled: true }]);
    await eventually(() => owner.tap.pending).toBe(1);
    query.release();
    expect(await cancelling).toMatchObject({ status: 'stopped' });
    expect(agent.runs.filter(({ signal }) => !signal.aborted)).toEqual([]);
    expect(await transcript(harness, place.chat)).toEqual(['user: q']);
  });

  test('a cancelled turn ends as `stopped` although the database is unreachable for a while', async () => {
    const { agent, owner } = startTwo(harness);
    const place = await begin(harness, owner, 'q');
    const run = await agent.run('q');
    run.emit('half');
    owner.tap.disconnect('turns.end', 'before', 2);
    expect(await owner.turns.cancel(harness.scope, place)).toMatchObject({
      status: 'stopped',
      answer: { content: 'half' },
    });
    expect(owner.tap.calls.filter((call) => call === 'turns.end')).toHaveLength(3);
  });
});

describe('an answer that is at its end', () => {
  test('an answer that is cancelled at its end is either completed or stopped', async () => {
    const { agent, owner, other } = startTwo(harness);
    const seen = new Set<string>();
    for (let round = 0; round < 24; round++) {
      const question = `q ${round}`;
      const place = await begin(harness, owner, question);
      const reader = new AnswerReader(other, harness.scope, place);
      const run = await agent.run(question);
      run.emit('all of ');
      const canceller = round % 2 ? owner : other;
      const cancelling = canceller.turns.cancel(harness.scope, place);
      for (let ticks = round % 8; ticks > 0; ticks--) await new Promise(setImmediate);
      // In these rounds the cancel must come first, which no number of ticks guarantees on a busy machine.
      if (round % 8 === 7) await cancelling;
      run.emit('it');
      run.finish();
      const { status, answer } = await cancelling;
      await reader.done;
      seen.add(status);
      expect(status === 'completed' ? 'all of it' : answer?.content).toBe(answer?.content);
      expect(['all of ', 'all of it']).toContain(answer?.content);
      expect(reader.text).toBe(answer?.content);
      expect(await transcript(harness, place.chat)).toEqual([
        `user: ${question}`,
        `assistant: ${reader.text}`,
      ]);
      expect(await turnsOf(harness, place.chat)).toMatchObject([{ status, takeovers: 0 }]);
    }
    expect([...seen].toSorted()).toEqual(['completed', 'stopped']);
  });

  test('an answer whose end is being stored does not change when it is cancelled', async () => {
    const { agent, owner } = startTwo(harness);
    const end = owner.tap.hold('turns.end');
    const place = await begin(harness, owner, 'q');
    const run = await agent.run('q');
    run.emit('all');
    run.finish();
    await end.reached;
    const cancelling = owner.turns.cancel(harness.scope, place);
    await eventually(() => turnsOf(harness, place.chat)).toMatchObject([{ isCancelled: true }]);
    end.release();
    expect(await cancelling).toMatchObject({ status: 'completed', answer: { content: 'all' } });
  });
});

describe('an answer that has ended', () => {
  test('cancelling an ended answer returns its end, repeatedly and from any process', async () => {
    const { agent, owner, other } = startTwo(harness);
    agent.echo();
    const place = await begin(harness, owner, 'q');
    await new AnswerReader(owner, harness.scope, place).done;
    const [stored] = await turnsOf(harness, place.chat);
    for (const replica of [owner, other, owner]) {
      expect(await replica.turns.cancel(harness.scope, place)).toMatchObject({
        status: 'completed',
        isCancelled: false,
        answer: { content: 'answer to q' },
      });
    }
    expect(await turnsOf(harness, place.chat)).toEqual([stored]);
    expect(other.tap.calls).not.toContain('turns.cancel');
  });

  test('cancelling an answer of another chat or team is rejected, and the answer continues', async () => {
    const { agent, owner, other } = startTwo(harness);
    const place = await begin(harness, owner, 'q');
    const run = await agent.run('q');
    const refused = { code: 'message_not_found' };
    const otherTeam = { team: mintId('team') };
    for (const replica of [owner, other]) {
      await expect(replica.turns.cancel(otherTeam, place)).rejects.toMatchObject(refused);
      const elsewhere = { ...place, chat: await harness.newChat() };
      await expect(replica.turns.cancel(harness.scope, elsewhere)).rejects.toMatchObject(refused);
      const unknown = { ...place, answerId: mintId('message') };
      await expect(replica.turns.cancel(harness.scope, unknown)).rejects.toMatchObject(refused);
    }
    expect(run.signal.aborted).toBe(false);
    expect(await turnsOf(harness, place.chat)).not.toMatchObject([{ isCancelled: true }]);
  });

  test('an answer whose chat is deleted while it is being cancelled is not found', async () => {
    const agent = new SteppedAgent();
    const owner = harness.startReplica({ clock: new TestClock(), runAgent: agent.runAgent });
    const other = harness.startReplica({ bounds: { runningTurnsMax: 0 } });
    const place = await begin(harness, owner, 'q');
    await agent.run('q');
    const cancelling = other.turns.cancel(harness.scope, place);
    const refused = expect(cancelling).rejects.toMatchObject({ code: 'chat_not_found' });
    await eventually(() => turnsOf(harness, place.chat)).toMatchObject([{ isCancelled: true }]);
    await other.turns.deleteChat(harness.scope, place.chat);
    await refused;
  });
});
