import type { RunAgent } from '@parley/agent';
import { echoOf, scripts } from '@parley/agent/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  deadLease,
  eventually,
  type Harness,
  insertTurn,
  LEASE_MS,
  type Replica,
  type ReplicaOptions,
  startHarness,
  transcript,
  turnsOf,
} from './harness.ts';
import { TestClock } from './test-clock.ts';

/*
 * Each replica has a clock of its own that stands still until the test moves it: a process can stall, or die,
 * while another goes on.
 */

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness('recovery');
});
afterEach(async () => {
  await harness.stopReplicas();
  await harness.db.raw.collection('turns').deleteMany({});
});
afterAll(() => harness.stop());

interface ClockedReplica extends Replica {
  readonly clock: TestClock;
  /** Lets time pass in small steps, each with its renewal and its sweep, as it passes for a healthy process. */
  live(ms: number): Promise<void>;
}

/** A replica whose first sweep is over. */
async function startReplica(options: ReplicaOptions = {}): Promise<ClockedReplica> {
  const clock = new TestClock();
  const replica = harness.startReplica({ ...options, clock });
  const settle = async () => {
    await clock.rounds();
    await replica.tap.quiet();
  };
  const live = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      clock.advance(STEP_MS);
      await settle();
    }
  };
  await settle();
  return { ...replica, clock, live };
}

const GIVEN_UP = 'a turn whose runner died was ended';
const STEP_MS = LEASE_MS / 20;
/** A sweep comes every third of a lease. */
const SWEEP_MS = LEASE_MS / 3;

describe('the sweep', () => {
  test('claims queued turns that nobody claimed, each after its predecessor', async () => {
    const chat = await harness.newChat();
    for (const sequence of [1, 2, 3]) await insertTurn(harness, chat, sequence);
    const replica = await startReplica();
    for (const answered of [1, 2, 3]) {
      await eventually(() => transcript(harness, chat)).toHaveLength(3 + answered);
      await replica.tap.quiet();
      await replica.live(SWEEP_MS + STEP_MS);
    }
    expect(await turnsOf(harness, chat)).toMatchObject(
      [1, 2, 3].map((sequence) => ({ sequence, status: 'completed', takeovers: 0, lease: { attempt: 1 } })),
    );
  });

  test('takes a dead runner’s turn over after a whole lease of standing still, and no sooner', async () => {
    const chat = await harness.newChat();
    const turn = await insertTurn(harness, chat, 1, { lease: deadLease, content: 'orphan' });
    const replica = await startReplica();
    await replica.live(LEASE_MS - STEP_MS);
    expect(await turnsOf(harness, chat)).toMatchObject([
      { status: 'generating', lease: deadLease, takeovers: 0 },
    ]);
    await replica.live(SWEEP_MS + STEP_MS);
    await eventually(() => transcript(harness, chat)).toEqual([
      'user: orphan',
      `assistant: ${echoOf('orphan')}`,
    ]);
    expect(await turnsOf(harness, chat)).toMatchObject([
      { _id: turn.id, status: 'completed', takeovers: 1, lease: { attempt: 2 }, usage: [{ attempt: 2 }] },
    ]);
  });

  test('a lease is counted from the newest sign of life, on this replica’s own clock alone', async () => {
    const chat = await harness.newChat();
    const turn = await insertTurn(harness, chat, 1, { lease: deadLease });
    const replica = await startReplica();
    for (let sign = 0; sign < 4; sign++) {
      await replica.live(LEASE_MS - SWEEP_MS);
      await harness.db.stores.turns.renew([{ turn: turn.id, token: deadLease.token }]);
    }
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'generating', takeovers: 0 }]);
    await replica.live(LEASE_MS + 2 * SWEEP_MS);
    await eventually(() => turnsOf(harness, chat)).toMatchObject([{ status: 'completed', takeovers: 1 }]);
  });

  test('a sweeper that stalled itself takes nothing over that lived on meanwhile', async () => {
    const chat = await harness.newChat();
    const turn = await insertTurn(harness, chat, 1, { lease: deadLease });
    const replica = await startReplica();
    await replica.live(SWEEP_MS);
    // It reads the list, stands still for an hour with it, and the run shows a sign of life.
    const list = replica.tap.hold('turns.listUnfinished', 'after');
    replica.clock.advance(SWEEP_MS + STEP_MS);
    await list.reached;
    await harness.db.stores.turns.renew([{ turn: turn.id, token: deadLease.token }]);
    replica.clock.advance(3_600_000);
    list.release();
    await replica.clock.rounds();
    await replica.tap.quiet();
    expect(replica.tap.calls).toContain('turns.takeOver');
    expect(await turnsOf(harness, chat)).toMatchObject([
      { status: 'generating', takeovers: 0, lease: { token: 'dead', renewals: 1 } },
    ]);
  });

  test('waits while no model can be called, and goes on when one can', async () => {
    let isReady = false;
    const checkModel = () => {
      if (!isReady) throw new Error('no model');
    };
    const chats = [await harness.newChat(), await harness.newChat()] as const;
    await insertTurn(harness, chats[0], 1);
    await insertTurn(harness, chats[1], 1, { lease: deadLease });
    const replica = await startReplica({ checkModel });
    await replica.live(2 * LEASE_MS);
    expect(await turnsOf(harness, chats[0])).toMatchObject([{ status: 'queued' }]);
    expect(await turnsOf(harness, chats[1])).toMatchObject([{ status: 'generating', takeovers: 0 }]);
    isReady = true;
    await replica.live(SWEEP_MS + STEP_MS);
    for (const chat of chats) await eventually(() => transcript(harness, chat)).toHaveLength(2);
  });

  test('asks of a long queue only what its list does not tell, and nothing without a free slot', async () => {
    const chats = await Promise.all(Array.from({ length: 5 }, () => harness.newChat()));
    for (const chat of chats) {
      await insertTurn(harness, chat, 1, { lease: deadLease });
      for (let sequence = 2; sequence <= 9; sequence++) await insertTurn(harness, chat, sequence);
    }
    const replica = await startReplica();
    const asked = () => replica.tap.calls.filter((call) => call === 'turns.hasPredecessorEnded').length;
    await replica.live(LEASE_MS - STEP_MS);
    expect(asked()).toBe(0);

    await harness.db.raw.collection('turns').updateMany({ sequence: 1 }, { $set: { status: 'failed' } });
    const busy = await startReplica({ bounds: { runningTurnsMax: 0 } });
    await busy.live(SWEEP_MS + STEP_MS);
    expect(busy.tap.calls).not.toContain('turns.hasPredecessorEnded');
    await replica.live(SWEEP_MS + STEP_MS);
    expect(asked()).toBe(5);
  });

  test('what is wrong with one turn does not keep it from the others', async () => {
    const [broken, sound] = [await harness.newChat(), await harness.newChat()];
    const first = await insertTurn(harness, broken, 1);
    await insertTurn(harness, sound, 1);
    await harness.db.raw
      .collection('turns')
      .updateOne({ _id: first.id as never }, { $set: { messages: [] } });
    const replica = await startReplica();
    await eventually(() => transcript(harness, sound)).toHaveLength(2);
    expect(replica.log.filter(({ level }) => level === 'error')).toMatchObject([
      { fields: { turn: first.id } },
    ]);
  });

  test('finishes the deletions that a crash left behind', async () => {
    const chat = await harness.newChat();
    await insertTurn(harness, chat, 1, { lease: deadLease });
    await harness.db.stores.chats.markDeleted(harness.scope, chat);
    await startReplica();
    expect(await turnsOf(harness, chat)).toEqual([]);
    expect(await harness.db.stores.chats.listMarked(10)).toEqual([]);
  });

  test('removes turns that arrived in a chat after its purge, running or waiting', async () => {
    const chat = await harness.newChat();
    await harness.db.stores.chats.markDeleted(harness.scope, chat);
    await harness.db.stores.chats.purge(chat);
    await insertTurn(harness, chat, 4, { lease: { ...deadLease } });
    await insertTurn(harness, chat, 6);
    const replica = await startReplica();
    await replica.live(2 * LEASE_MS);
    await eventually(() => turnsOf(harness, chat)).toEqual([]);
  });

  test('a turn that nobody may run any more is removed too when its chat is gone', async () => {
    const chat = await harness.newChat();
    await harness.db.stores.chats.markDeleted(harness.scope, chat);
    await harness.db.stores.chats.purge(chat);
    await insertTurn(harness, chat, 4, { lease: deadLease });
    await harness.db.raw.collection('turns').updateOne({ chat }, { $set: { takeovers: 2 } });
    const replica = await startReplica();
    await replica.live(2 * LEASE_MS);
    await eventually(() => turnsOf(harness, chat)).toEqual([]);
  });

  test('a failing sweep is told, and the next one comes', async () => {
    const chat = await harness.newChat();
    const replica = await startReplica();
    replica.tap.away('turns.listUnfinished', 'before');
    await replica.live(SWEEP_MS + STEP_MS);
    expect(replica.log.map(({ event }) => event)).toEqual(['sweep failed']);
    await insertTurn(harness, chat, 1);
    await replica.live(SWEEP_MS + STEP_MS);
    await eventually(() => transcript(harness, chat)).toHaveLength(2);
  });
});

describe('a healthy run', () => {
  test('that takes many leases is never run twice, on its own replica or another', async () => {
    const chat = await harness.newChat();
    const owner = await startReplica();
    const other = await startReplica();
    const gate = harness.model.hold();
    const sending = owner.turns.send(harness.scope, { chat, content: 'slow' });
    await harness.model.callTo('slow');
    for (let leases = 0; leases < 5; leases++) {
      for (let step = 0; step < 20; step++) {
        await owner.live(STEP_MS);
        await other.live(STEP_MS);
      }
    }
    gate.release();
    expect(await sending).toMatchObject({ outcome: { kind: 'answered' } });
    expect(harness.model.calls().filter(({ message }) => message === 'slow')).toHaveLength(1);
    const [turn] = await turnsOf(harness, chat);
    expect(turn).toMatchObject({ takeovers: 0, lease: { attempt: 1 } });
    expect(turn?.['lease'].renewals).toBeGreaterThanOrEqual(20);
  });

  test('outlives renewals that fail, or hang, for less than a lease', async () => {
    const chat = await harness.newChat();
    const owner = await startReplica();
    const gate = harness.model.hold();
    const sending = owner.turns.send(harness.scope, { chat, content: 'shaken' });
    await harness.model.callTo('shaken');
    owner.tap.away('turns.renew', 'before', 2);
    await owner.live(LEASE_MS - STEP_MS);
    expect(owner.log.filter(({ event }) => event === 'lease renewal failed')).toHaveLength(2);
    // One renewal hangs; the next ones go on without it.
    const hanging = owner.tap.hold('turns.renew');
    owner.clock.advance(STEP_MS);
    await hanging.reached;
    owner.tap.pass('turns.renew');
    for (let step = 0; step < 40; step++) {
      owner.clock.advance(STEP_MS);
      await owner.clock.rounds();
      await eventually(() => owner.tap.pending).toBe(1);
    }
    hanging.release();
    gate.release();
    expect(await sending).toMatchObject({ outcome: { kind: 'answered' } });
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'completed', takeovers: 0 }]);
  });
});

describe('a runner that stalls', () => {
  test('and is taken over stores nothing and tells nothing when it revives', async () => {
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
    await other.live(LEASE_MS + SWEEP_MS + STEP_MS);
    await nextCall;
    // The stalled one wakes before its clock tells it anything: its answer comes, and finds the fence.
    gates[0].resolve();
    await staleCall.closed;
    await stalled.tap.quiet();
    await eventually(() => stalled.tap.calls).toContain('turns.end');
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'generating', lease: { attempt: 2 } }]);
    gates[1].resolve();
    await eventually(() => transcript(harness, chat)).toEqual(['user: q', 'assistant: fresh']);
    // Whoever waits there is told the answer that is stored.
    stalled.clock.advance(5_000);
    expect(await sending).toMatchObject({ outcome: { kind: 'answered', answer: { content: 'fresh' } } });
    expect(await turnsOf(harness, chat)).toMatchObject([{ takeovers: 1, usage: [{ attempt: 2 }] }]);
  });

  test('past its deadline ends its call of the model with the next piece, and neither tells nor stores', async () => {
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
    await other.live(LEASE_MS + SWEEP_MS + STEP_MS);
    await eventually(() => transcript(harness, chat)).toHaveLength(2);
    stalled.clock.advance(5_000);
    expect(await sending).toMatchObject({ outcome: { answer: { content: echoOf('long') } } });
  });

  test('between the claim and its acknowledgement does not start what may be another’s by now', async () => {
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
    expect(replica.tap.calls.filter((call) => call === 'turns.look')).toHaveLength(1);
  });

  test('whose renewals fail for a whole lease stops by itself', async () => {
    const chat = await harness.newChat();
    const cutOff = await startReplica();
    harness.model.reply(scripts.neverEnding('piece'));
    void cutOff.turns.send(harness.scope, { chat, content: 'endless' });
    const call = await harness.model.callTo('endless');
    cutOff.tap.away('turns.renew', 'before', 1_000);
    await cutOff.live(LEASE_MS + SWEEP_MS);
    await call.aborted;
    expect(cutOff.log.map(({ event }) => event)).toContain('lease renewal failed');
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'generating', takeovers: 0 }]);
    await harness.db.raw.collection('turns').deleteMany({ chat });
    cutOff.clock.advance(5_000);
  });
});

describe('a poisonous turn', () => {
  test('that kills its runners is taken over twice, then it is interrupted and the chat goes on', async () => {
    const chat = await harness.newChat();
    const poison = await insertTurn(harness, chat, 1, { lease: deadLease, content: 'poison' });
    await insertTurn(harness, chat, 2, { content: 'next' });
    await harness.db.stores.turns.announceSuccessor(harness.scope, chat, 2);
    const gate = Promise.withResolvers<void>();
    harness.model.replyTo('poison', () => gate.promise);
    for (const attempt of [2, 3]) {
      const victim = await startReplica();
      const called = harness.model.nextCall();
      await victim.live(LEASE_MS + SWEEP_MS + STEP_MS);
      expect((await called).message).toBe('poison');
      expect(await turnsOf(harness, chat)).toMatchObject([
        { lease: { attempt }, takeovers: attempt - 1 },
        {},
      ]);
      victim.kill();
    }
    const survivor = await startReplica();
    // The end of the poisonous turn wakes the next one: no further sweep is needed.
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

  test('that breaks off for a bug, three times, is interrupted too; whoever waits is told', async () => {
    const chat = await harness.newChat();
    const runAgent: RunAgent = async ({ messages }) => {
      if (messages.at(-1)?.content === 'bug') throw new TypeError('a bug');
      return { text: 'fine', finishReason: 'stop', model: 'm', calls: 1 };
    };
    const replica = await startReplica({ runAgent });
    const bug = replica.turns.send(harness.scope, { chat, content: 'bug' });
    await replica.clock.someoneElse();
    const next = replica.turns.send(harness.scope, { chat, content: 'next' });
    await replica.live(4 * (LEASE_MS + SWEEP_MS));
    expect((await bug).outcome).toMatchObject({ kind: 'failed', errorCode: 'interrupted', text: '' });
    expect((await next).outcome).toMatchObject({ kind: 'answered', answer: { content: 'fine' } });
    expect(replica.log.filter(({ event }) => event === 'run broke off')).toHaveLength(3);
  });
});
