import { describe, expect, test } from 'vitest';
import { AnswerReader } from './answer-reader.ts';
import { ChatFollower } from './chat-events.ts';
import { eventually, LEASE_MS, startHarness, transcript, turnsOf } from './harness.ts';
import { SteppedAgent } from './stepped-agent.ts';
import { TestClock } from './test-clock.ts';
import { begin, eagerBounds } from './two-replicas.ts';

/* A draining process disconnects its readers and stores the text that they received. */

const harness = await startHarness('drain_readers');

const FORCE = AbortSignal.abort();

/** A process whose clock does not move, so that no tick writes the log. */
async function startOwner(agent: SteppedAgent) {
  const clock = new TestClock();
  const owner = harness.startReplica({ clock, runAgent: agent.runAgent });
  await clock.rounds();
  return { owner, clock };
}

describe('a reader of an answer', () => {
  test('a reader of an answer that finishes within the grace period receives it to its end', async () => {
    const agent = new SteppedAgent();
    const { owner } = await startOwner(agent);
    const place = await begin(harness, owner, 'q');
    const reader = new AnswerReader(owner, harness.scope, place);
    const run = await agent.run('q');
    run.emit('one');
    const drained = owner.turns.drain(LEASE_MS / 2);
    run.emit(' two');
    await eventually(() => reader.text).toBe('one two');
    // A new reader of a running answer is accepted, because no other process has all its text.
    const late = new AnswerReader(owner, harness.scope, place);
    await eventually(() => late.text).toBe('one two');
    run.finish();
    await drained;
    for (const each of [reader, late]) {
      expect(await each.done).toBeUndefined();
      expect(each.types.at(-1)).toBe('end');
    }
  });

  test('a reader of a handed-over answer gets an error that says to reconnect, with its id, and continues in another process', async () => {
    const agent = new SteppedAgent();
    const { owner } = await startOwner(agent);
    const place = await begin(harness, owner, 'q');
    const reader = new AnswerReader(owner, harness.scope, place);
    const run = await agent.run('q');
    run.emit('said so far');
    await eventually(() => reader.text).toBe('said so far');
    await owner.turns.drain(0, FORCE);
    expect(run.signal.aborted).toBe(true);
    expect(await reader.done).toMatchObject({ code: 'draining', facts: { messageId: place.answerId } });

    const next = harness.startReplica({ bounds: eagerBounds, runAgent: agent.runAgent });
    const back = new AnswerReader(next, harness.scope, { ...place, from: reader.cursor });
    const again = await agent.run('q', 2);
    again.emit('again');
    again.finish();
    expect(await back.done).toBeUndefined();
    expect(back.types.filter((type) => type === 'snapshot')).toHaveLength(1);
    expect(back.text).toBe('again');
    expect(await turnsOf(harness, place.chat)).toMatchObject([{ takeovers: 0, lease: { attempt: 2 } }]);
  });

  test('a reader of an answer in another process is disconnected at the end of the drain, and new ones are rejected', async () => {
    const agent = new SteppedAgent();
    const elsewhere = harness.startReplica({ bounds: eagerBounds, runAgent: agent.runAgent });
    const drained = harness.startReplica({ bounds: { ...eagerBounds, runningTurnsMax: 0 } });
    const place = await begin(harness, elsewhere, 'q');
    const run = await agent.run('q');
    const reader = new AnswerReader(drained, harness.scope, place);
    run.emit('text');
    await eventually(() => reader.text).toBe('text');
    await drained.turns.drain(0, FORCE);
    expect(await reader.done).toMatchObject({ code: 'draining', facts: { messageId: place.answerId } });
    const late = new AnswerReader(drained, harness.scope, place);
    expect(await late.done).toMatchObject({ code: 'draining' });
    run.finish();
  });
});

describe('an answer that is handed over', () => {
  test('a handed-over answer keeps its text for the process that ends it as cancelled, also without a tick', async () => {
    const agent = new SteppedAgent();
    const { owner } = await startOwner(agent);
    const place = await begin(harness, owner, 'q');
    const reader = new AnswerReader(owner, harness.scope, place);
    const run = await agent.run('q');
    run.emit('said ');
    run.emit('so far \u{1F600}');
    await eventually(() => reader.text).toBe('said so far \u{1F600}');
    expect(owner.tap.calls).not.toContain('turnLog.append');
    await owner.turns.drain(0, FORCE);
    const idle = harness.startReplica({ bounds: { ...eagerBounds, runningTurnsMax: 0, cancelWaitMaxMs: 1 } });
    expect(await idle.turns.cancel(harness.scope, place)).toMatchObject({
      status: 'queued',
      isCancelled: true,
    });

    harness.startReplica({ runAgent: agent.runAgent });
    const back = new AnswerReader(idle, harness.scope, { ...place, from: reader.cursor });
    expect(await back.done).toBeUndefined();
    expect(back.types.slice(-2)).toEqual(['text-end', 'end']);
    expect([back.end?.status, back.cursor?.attempt]).toEqual(['stopped', 1]);
    expect(await transcript(harness, place.chat)).toEqual(['user: q', 'assistant: said so far \u{1F600}']);
    expect(agent.runsOf('q')).toHaveLength(1);
  });

  test('an answer is handed over although its text cannot be logged', async () => {
    const agent = new SteppedAgent();
    const { owner } = await startOwner(agent);
    const place = await begin(harness, owner, 'q');
    const run = await agent.run('q');
    run.emit('lost');
    owner.tap.disconnect('turnLog.append', 'before', 100);
    await owner.turns.drain(0, FORCE);
    expect(await turnsOf(harness, place.chat)).toMatchObject([{ status: 'queued', takeovers: 0 }]);
    expect(owner.log.map(({ event }) => event)).toContain('the log of running answers could not be written');
  });

  test('an answer that is handed over during a write of its log keeps that piece and the rest', async () => {
    const agent = new SteppedAgent();
    const owner = harness.startReplica({ bounds: { tickMs: 5 }, runAgent: agent.runAgent });
    const place = await begin(harness, owner, 'q');
    const run = await agent.run('q');
    const append = owner.tap.hold('turnLog.append');
    run.emit('on the way, ');
    await append.reached;
    run.emit('and the rest');
    const drained = owner.turns.drain(0, FORCE);
    append.release();
    await drained;
    const [turn] = await turnsOf(harness, place.chat);
    const { text } = await harness.db.stores.turnLog.read(harness.scope, turn?._id as never, 1, 0);
    expect(text).toBe('on the way, and the rest');
  });
});

describe('a follower of a chat', () => {
  test('a follower that was accepted before a drain is rejected when it pulls its first event after it', async () => {
    const { owner } = await startOwner(new SteppedAgent());
    const chat = await harness.newChat();
    const events = owner.turns.followChat(harness.scope, chat, undefined, new AbortController().signal);
    await owner.turns.drain(0, FORCE);
    await expect(events.next()).rejects.toMatchObject({ code: 'draining' });
  });

  test('a follower is disconnected at once and continues with its cursor in another process', async () => {
    const agent = new SteppedAgent();
    const { owner } = await startOwner(agent);
    const next = harness.startReplica({ bounds: { ...eagerBounds, runningTurnsMax: 0 } });
    const { chat, answerId } = await begin(harness, owner, 'q');
    const run = await agent.run('q');
    run.emit('text');
    const follower = new ChatFollower(owner, harness.scope, chat);
    await eventually(() => follower.text(answerId)).toBe('text');
    const drained = owner.turns.drain(LEASE_MS / 2);
    expect(await follower.done).toMatchObject({ code: 'draining' });
    const late = new ChatFollower(owner, harness.scope, chat);
    expect(await late.done).toMatchObject({ code: 'draining' });
    const back = new ChatFollower(next, harness.scope, chat, { from: follower.cursor });
    run.finish();
    await drained;
    await eventually(() => back.received).toEqual(['end']);
    await back.stop();
  });
});
