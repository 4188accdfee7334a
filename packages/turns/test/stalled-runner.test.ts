import type { RunAgent } from '@parley/agent';
import { echoOf, scripts } from '@parley/agent/testing';
import { describe, expect, test } from 'vitest';
import { RECOVERY_MS, STEP_MS, startClocked } from './clocked-replica.ts';
import {
  deadLease,
  eventually,
  insertTurn,
  LEASE_MS,
  type Replica,
  type ReplicaOptions,
  startHarness,
  transcript,
  turnsOf,
} from './harness.ts';

/*
 * A stalled process stores and shows no text of a run that may have been taken over. A turn that crashes its process
 * crashes at most three.
 */

const harness = await startHarness('stalled');

const GIVEN_UP = 'a turn whose runner died was ended';
const startReplica = (options: ReplicaOptions = {}) => startClocked(harness, options);

/** Holds the ends of a process as a batch does that waits to be sent, and notes their results. */
function holdEnd({ tap }: Replica) {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const results: unknown[] = [];
  tap.intercept('turns.end', async (proceed) => {
    reached.resolve();
    await gate.promise;
    const result = await proceed();
    results.push(result);
    return result;
  });
  return { reached: reached.promise, release: gate.resolve, results };
}

describe('a process that stalls during a run', () => {
  test('a stalled process that was taken over stores and shows nothing when it resumes', async () => {
    const chat = await harness.newChat();
    const stalled = await startReplica();
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    harness.model.reply(
      async (call) => {
        await gates[0].promise;
        await scripts.text('stale')(call);
      },
      async (call) => {
        await gates[1].promise;
        await scripts.text('fresh')(call);
      },
    );
    const sending = stalled.turns.send(harness.scope, { chat, content: 'q' });
    const staleCall = await harness.model.callTo('q');
    const other = await startReplica();
    const nextCall = harness.model.nextCall();
    await other.live(LEASE_MS + RECOVERY_MS + STEP_MS);
    await nextCall;
    // The stalled process resumes before its clock moves: its answer arrives and is rejected by the fence.
    gates[0].resolve();
    await staleCall.closed;
    await stalled.tap.quiet();
    await eventually(() => stalled.tap.calls).toContain('turns.end');
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'generating', lease: { attempt: 2 } }]);
    gates[1].resolve();
    await eventually(() => transcript(harness, chat)).toEqual(['user: q', 'assistant: fresh']);
    // Requests that wait in the stalled process get the stored answer.
    stalled.clock.advance(5_000);
    expect(await sending).toMatchObject({ outcome: { kind: 'answered', answer: { content: 'fresh' } } });
    expect(await turnsOf(harness, chat)).toMatchObject([{ takeovers: 1, usage: [{ attempt: 2 }] }]);
  });

  test('an end that waited until its lease was over succeeds if no process took the turn over', async () => {
    const chat = await harness.newChat();
    const replica = await startReplica();
    const end = holdEnd(replica);
    const sending = replica.turns.send(harness.scope, { chat, content: 'ended late' });
    await end.reached;
    replica.tap.disconnect('turns.renew', 'before', 1_000);
    replica.clock.advance(LEASE_MS);
    await replica.clock.rounds();
    end.release();
    const answer = { content: echoOf('ended late') };
    expect(await sending).toMatchObject({ outcome: { kind: 'answered', answer } });
    expect(end.results).toEqual([{ result: 'ended', hasSuccessor: false }]);
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'completed', takeovers: 0 }]);
  });

  test('an end that waited until another process took the turn over is lost', async () => {
    const chat = await harness.newChat();
    const late = await startReplica();
    const end = holdEnd(late);
    harness.model.reply(scripts.text('stale'), scripts.text('fresh'));
    const sending = late.turns.send(harness.scope, { chat, content: 'q' });
    await end.reached;
    late.clock.jump(LEASE_MS);
    const other = await startReplica();
    await other.live(LEASE_MS + RECOVERY_MS + STEP_MS);
    await eventually(() => transcript(harness, chat)).toEqual(['user: q', 'assistant: fresh']);
    end.release();
    await eventually(() => end.results).toEqual([{ result: 'lost' }]);
    late.clock.advance(5_000);
    expect(await sending).toMatchObject({ outcome: { kind: 'answered', answer: { content: 'fresh' } } });
    expect(await turnsOf(harness, chat)).toMatchObject([{ takeovers: 1, usage: [{ attempt: 2 }] }]);
  });

  test('a stalled process past its deadline ends the model’s call with the next piece and stores nothing', async () => {
    const chat = await harness.newChat();
    const stalled = await startReplica();
    const started = Promise.withResolvers<void>();
    const revived = Promise.withResolvers<void>();
    harness.model.reply(async (call) => {
      call.text('before ');
      await call.flushed();
      started.resolve();
      await revived.promise;
      call.text('after');
      await call.aborted;
    });
    const sending = stalled.turns.send(harness.scope, { chat, content: 'long' });
    const call = await harness.model.callTo('long');
    await started.promise;
    stalled.clock.jump(LEASE_MS);
    revived.resolve();
    await call.aborted;
    await stalled.tap.quiet();
    expect(stalled.tap.calls).not.toContain('turns.end');
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'generating', takeovers: 0 }]);
    const other = await startReplica();
    await other.live(LEASE_MS + RECOVERY_MS + STEP_MS);
    await eventually(() => transcript(harness, chat)).toHaveLength(2);
    stalled.clock.advance(5_000);
    expect(await sending).toMatchObject({ outcome: { answer: { content: echoOf('long') } } });
  });

  test('a process that stalls between the claim and its acknowledgement does not start the run', async () => {
    const chat = await harness.newChat();
    const replica = await startReplica();
    const insert = replica.tap.hold('turns.insert', 'after');
    const sending = replica.turns.send(harness.scope, { chat, content: 'acknowledged late' });
    await insert.reached;
    while ((await transcript(harness, chat)).length < 2) {
      replica.clock.advance(STEP_MS);
      await replica.clock.rounds();
    }
    insert.release();
    let isAnswered = false;
    void sending.then(() => {
      isAnswered = true;
    });
    while (!isAnswered) {
      replica.clock.advance(STEP_MS);
      await replica.clock.rounds();
    }
    expect(await sending).toMatchObject({ outcome: { kind: 'answered' } });
    await replica.tap.quiet();
    expect(await turnsOf(harness, chat)).toMatchObject([{ takeovers: 1, lease: { attempt: 2 } }]);
    expect(replica.tap.calls.filter((call) => call === 'turns.readRunContext')).toHaveLength(1);
  });

  test('a process whose renewals fail for a whole lease stops the run', async () => {
    const chat = await harness.newChat();
    const cutOff = await startReplica();
    harness.model.reply(scripts.neverEnding('piece'));
    void cutOff.turns.send(harness.scope, { chat, content: 'endless' });
    const call = await harness.model.callTo('endless');
    cutOff.tap.disconnect('turns.renew', 'before', 1_000);
    await cutOff.live(LEASE_MS + RECOVERY_MS);
    await call.aborted;
    expect(cutOff.log.map(({ event }) => event)).toContain('lease renewal failed');
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'generating', takeovers: 0 }]);
    await harness.db.raw.collection('turns').deleteMany({ chat });
    cutOff.clock.advance(5_000);
  });
});

describe('a turn that ends every run', () => {
  test('a turn that kills its processes is taken over twice, then ends `interrupted`, and the chat continues', async () => {
    const chat = await harness.newChat();
    const poison = await insertTurn(harness, chat, 1, { lease: deadLease, content: 'poison' });
    await insertTurn(harness, chat, 2, { content: 'next' });
    await harness.db.stores.turns.announceSuccessor(harness.scope, chat, 2);
    const gate = Promise.withResolvers<void>();
    harness.model.replyTo('poison', () => gate.promise);
    for (const attempt of [2, 3]) {
      const victim = await startReplica();
      const called = harness.model.nextCall();
      await victim.live(LEASE_MS + RECOVERY_MS + STEP_MS);
      expect((await called).message).toBe('poison');
      expect(await turnsOf(harness, chat)).toMatchObject([
        { lease: { attempt }, takeovers: attempt - 1 },
        {},
      ]);
      victim.kill();
    }
    const survivor = await startReplica();
    // The end of this turn claims the next turn, without the recovery loop.
    while (!survivor.log.some(({ event }) => event === GIVEN_UP)) await survivor.live(STEP_MS);
    await eventually(() => transcript(harness, chat)).toHaveLength(3);
    expect(await turnsOf(harness, chat)).toMatchObject([
      { _id: poison.id, status: 'failed', errorCode: 'interrupted', textBytes: 'poison'.length },
      { status: 'completed', takeovers: 0, lease: { attempt: 1 } },
    ]);
    expect(harness.model.calls().filter(({ message }) => message === 'poison')).toHaveLength(2);
    expect(survivor.log.filter(({ level }) => level === 'error')).toMatchObject([
      { event: GIVEN_UP, fields: { turn: poison.id, how: 'interrupted' } },
    ]);
    gate.resolve();
  });

  test('a turn that crashes three times ends `interrupted`, and its sender learns of it', async () => {
    const chat = await harness.newChat();
    const runAgent: RunAgent = async ({ messages }) => {
      if (messages.at(-1)?.content === 'bug') throw new TypeError('a bug');
      return { text: 'fine', finishReason: 'stop', model: 'm', calls: 1 };
    };
    const replica = await startReplica({ runAgent });
    const bug = replica.turns.send(harness.scope, { chat, content: 'bug' });
    await replica.clock.someoneElse();
    const next = replica.turns.send(harness.scope, { chat, content: 'next' });
    await replica.live(4 * (LEASE_MS + RECOVERY_MS));
    expect((await bug).outcome).toMatchObject({ kind: 'failed', errorCode: 'interrupted', text: '' });
    expect((await next).outcome).toMatchObject({ kind: 'answered', answer: { content: 'fine' } });
    expect(replica.log.filter(({ event }) => event === 'run broke off')).toHaveLength(3);
  });
});
