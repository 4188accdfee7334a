import { echoOf } from '@parley/agent/testing';
import type { Id } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { DELETION_WORK_MAX_MS, DELETIONS_UNDER_WAY_MAX } from '../src/recover/intervals.ts';
import { RECOVERY_MS, STEP_MS, startClocked } from './clocked-replica.ts';
import {
  deadLease,
  eventually,
  insertTurn,
  LEASE_MS,
  markerOf,
  type ReplicaOptions,
  startHarness,
  transcript,
  turnsOf,
} from './harness.ts';
import { StoreTap } from './store-tap.ts';
import { TestClock } from './test-clock.ts';

/* The recovery loop finds turns that no process runs and leaves running ones alone. */

const harness = await startHarness('recovery');

const startReplica = (options: ReplicaOptions = {}) => startClocked(harness, options);

describe('the recovery loop', () => {
  test('the recovery loop claims abandoned queued turns, each after its predecessor', async () => {
    const chat = await harness.newChat();
    for (const sequence of [1, 2, 3]) await insertTurn(harness, chat, sequence);
    const replica = await startReplica();
    for (const answered of [1, 2, 3]) {
      await eventually(() => transcript(harness, chat)).toHaveLength(3 + answered);
      await replica.tap.quiet();
      await replica.live(RECOVERY_MS + STEP_MS);
    }
    expect(await turnsOf(harness, chat)).toMatchObject(
      [1, 2, 3].map((sequence) => ({ sequence, status: 'completed', takeovers: 0, lease: { attempt: 1 } })),
    );
  });

  test('the recovery loop takes over a dead process’s turn after a whole lease without renewals, and not earlier', async () => {
    const chat = await harness.newChat();
    const turn = await insertTurn(harness, chat, 1, { lease: deadLease, content: 'orphan' });
    const replica = await startReplica();
    await replica.live(LEASE_MS - STEP_MS);
    expect(await turnsOf(harness, chat)).toMatchObject([
      { status: 'generating', lease: deadLease, takeovers: 0 },
    ]);
    await replica.live(RECOVERY_MS + STEP_MS);
    await eventually(() => transcript(harness, chat)).toEqual([
      'user: orphan',
      `assistant: ${echoOf('orphan')}`,
    ]);
    expect(await turnsOf(harness, chat)).toMatchObject([
      { _id: turn.id, status: 'completed', takeovers: 1, lease: { attempt: 2 }, usage: [{ attempt: 2 }] },
    ]);
  });

  test.each([
    ['crashed while the message was answered', { lease: deadLease }, 'completed'],
    ['crashed before it could start the turn', {}, 'completed'],
    ['crashed and the answer was then cancelled', { lease: deadLease }, 'stopped'],
  ] as const)(
    'a chat gets its title although the process that accepted its first message %s',
    async (_name, fields, status) => {
      const chat = await harness.newChat();
      const { id } = await insertTurn(harness, chat, 1, { ...fields, content: 'The first message' });
      const access = await harness.db.stores.chats.find(harness.scope, chat);
      if (access && status === 'stopped') await harness.db.stores.turns.cancel(access, id);
      const replica = await startReplica();
      await replica.live(LEASE_MS + 2 * RECOVERY_MS);
      await eventually(() => turnsOf(harness, chat)).toMatchObject([{ status }]);
      expect((await harness.db.stores.chats.find(harness.scope, chat))?.chat.title).toBe('The first message');
    },
  );

  test('a title that was set meanwhile stays when the first turn is taken over', async () => {
    const chat = await harness.newChat();
    await insertTurn(harness, chat, 1, { lease: deadLease, content: 'The first message' });
    await harness.db.stores.chats.update(harness.scope, chat, { title: 'Mine' });
    const replica = await startReplica();
    await replica.live(LEASE_MS + 2 * RECOVERY_MS);
    await eventually(() => turnsOf(harness, chat)).toMatchObject([{ status: 'completed' }]);
    expect((await harness.db.stores.chats.find(harness.scope, chat))?.chat.title).toBe('Mine');
  });

  test('the recovery loop counts a lease from the newest renewal on its own clock', async () => {
    const chat = await harness.newChat();
    const turn = await insertTurn(harness, chat, 1, { lease: deadLease });
    const replica = await startReplica();
    for (let sign = 0; sign < 4; sign++) {
      await replica.live(LEASE_MS - RECOVERY_MS);
      await harness.db.stores.turns.renew([{ turn: turn.id, token: deadLease.token }]);
    }
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'generating', takeovers: 0 }]);
    await replica.live(LEASE_MS + 2 * RECOVERY_MS);
    await eventually(() => turnsOf(harness, chat)).toMatchObject([{ status: 'completed', takeovers: 1 }]);
  });

  test('a stalled recovery loop takes over no turn that was renewed meanwhile', async () => {
    const chat = await harness.newChat();
    const turn = await insertTurn(harness, chat, 1, { lease: deadLease });
    const replica = await startReplica();
    await replica.live(RECOVERY_MS);
    // The loop reads the list and stalls for an hour. Meanwhile the lease of the run is renewed.
    const list = replica.tap.hold('turns.listUnfinished', 'after');
    replica.clock.advance(RECOVERY_MS + STEP_MS);
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

  test('the recovery loop waits while no model can be called and continues when one can', async () => {
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
    await replica.live(RECOVERY_MS + STEP_MS);
    for (const chat of chats) await eventually(() => transcript(harness, chat)).toHaveLength(2);
  });

  test('the recovery loop reads of a long queue only what its list lacks, and nothing without a free slot', async () => {
    const chats = await Promise.all(Array.from({ length: 5 }, () => harness.newChat()));
    for (const chat of chats) {
      await insertTurn(harness, chat, 1, { lease: deadLease });
      for (let sequence = 2; sequence <= 9; sequence++) await insertTurn(harness, chat, sequence);
    }
    const replica = await startReplica();
    const queries = () => replica.tap.calls.filter((call) => call === 'turns.hasPredecessorEnded').length;
    await replica.live(LEASE_MS - STEP_MS);
    expect(queries()).toBe(0);

    await harness.db.raw.collection('turns').updateMany({ sequence: 1 }, { $set: { status: 'failed' } });
    const busy = await startReplica({ bounds: { runningTurnsMax: 0 } });
    await busy.live(RECOVERY_MS + STEP_MS);
    expect(busy.tap.calls).not.toContain('turns.hasPredecessorEnded');
    await replica.live(RECOVERY_MS + STEP_MS);
    expect(queries()).toBe(5);
  });

  test('the recovery loop handles the other turns when one turn fails', async () => {
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

  test('the recovery loop finishes the deletions that a crash left unfinished', async () => {
    const chat = await harness.newChat();
    await insertTurn(harness, chat, 1, { lease: deadLease });
    await harness.db.stores.chats.markDeleted(harness.scope, chat);
    await startReplica();
    await eventually(() => turnsOf(harness, chat)).toEqual([]);
    await eventually(() => harness.db.stores.chats.listMarked(10, [])).toEqual([]);
    expect(await markerOf(harness, chat)).toMatchObject({ sequence: 2, purgedAt: expect.any(Date) });
  });

  test('the recovery loop deletes a chat whose marker was stored and whose mark was lost in a crash', async () => {
    const { chats } = harness.db.stores;
    const chat = await harness.newChat();
    await insertTurn(harness, chat, 1, { lease: deadLease });
    expect(await chats.insertMarkerBehind(harness.scope, chat, 1)).toBe(true);
    expect(await chats.find(harness.scope, chat)).toBeDefined();
    const replica = await startReplica();
    await replica.live(RECOVERY_MS);
    await eventually(() => chats.find(harness.scope, chat)).toBeUndefined();
    await eventually(() => turnsOf(harness, chat)).toEqual([]);
    await eventually(() => markerOf(harness, chat)).toMatchObject({
      sequence: 2,
      purgedAt: expect.any(Date),
    });
    expect(await chats.listUnmarked(10, [])).toEqual([]);
  });

  test('the recovery loop continues with the deletions behind one that always fails', async () => {
    const chats = await Promise.all(Array.from({ length: 60 }, () => harness.newChat()));
    for (const chat of chats) await harness.db.stores.chats.markDeleted(harness.scope, chat);
    const bad = new Set(chats.slice(0, 55));
    const tap = new StoreTap(harness.db.stores);
    tap.intercept('chats.purge', async (proceed, [chat]) => {
      if (bad.has(chat as Id<'chat'>)) throw new Error('it always fails');
      return proceed();
    });
    const replica = await startReplica({ tap });
    const left = async () => (await harness.db.stores.chats.listMarked(100, [])).sort();
    await replica.live(2 * RECOVERY_MS);
    await eventually(left).toEqual([...bad].sort());
    const failures = replica.log.filter(({ event }) => event === 'a deletion failed; it is tried again');
    expect(failures.length).toBeGreaterThanOrEqual(55);
    bad.clear();
    await replica.live(10 * RECOVERY_MS);
    await eventually(left).toEqual([]);
  });

  test('the recovery loop finishes the deletions behind a purge that does not end', async () => {
    const [endless, other] = [await harness.newChat(), await harness.newChat()];
    for (const chat of [endless, other]) await harness.db.stores.chats.markDeleted(harness.scope, chat);
    const tap = new StoreTap(harness.db.stores);
    const hold = Promise.withResolvers<void>();
    let purges = 0;
    tap.intercept('chats.purge', async (proceed, [chat]) => {
      if (chat !== endless) return proceed();
      purges++;
      await hold.promise;
      return proceed();
    });
    const clock = new TestClock();
    harness.startReplica({ tap, clock });
    const left = () => harness.db.stores.chats.listMarked(10, []);
    await expect.poll(() => purges).toBe(1);
    expect((await left()).sort()).toEqual([endless, other].sort());
    clock.advance(DELETION_WORK_MAX_MS);
    await clock.rounds();
    clock.advance(LEASE_MS);
    await eventually(left).toEqual([endless]);
    expect(purges).toBe(1);
    hold.resolve();
    await eventually(left).toEqual([]);
  });

  test('the recovery loop begins no deletion while as many as allowed do not end', async () => {
    const chats = await Promise.all(
      Array.from({ length: DELETIONS_UNDER_WAY_MAX + 3 }, () => harness.newChat()),
    );
    for (const chat of chats) await harness.db.stores.chats.markDeleted(harness.scope, chat);
    const tap = new StoreTap(harness.db.stores);
    const hold = Promise.withResolvers<void>();
    let [begun, passes] = [0, 0];
    tap.intercept('chats.purge', async (proceed) => {
      begun++;
      await hold.promise;
      return proceed();
    });
    tap.intercept('chats.listMarked', (proceed) => {
      passes++;
      return proceed();
    });
    const clock = new TestClock();
    harness.startReplica({ tap, clock });
    const later = <Value>(read: () => Value) => {
      clock.advance(LEASE_MS);
      return read();
    };
    try {
      for (let number = 1; number <= DELETIONS_UNDER_WAY_MAX; number++) {
        await expect.poll(() => begun).toBe(number);
        clock.advance(DELETION_WORK_MAX_MS);
      }
      const enough = passes + 3;
      await expect.poll(() => later(() => begun > DELETIONS_UNDER_WAY_MAX || passes >= enough)).toBe(true);
      expect(begun).toBe(DELETIONS_UNDER_WAY_MAX);
    } finally {
      hold.resolve();
    }
    const left = () => harness.db.stores.chats.listMarked(20, []);
    await expect.poll(() => later(left)).toEqual([]);
    expect(begun).toBe(chats.length);
  });

  test('the recovery loop removes marked chats while its search for unmarked ones always fails', async () => {
    const chat = await harness.newChat();
    await harness.db.stores.chats.markDeleted(harness.scope, chat);
    const tap = new StoreTap(harness.db.stores);
    tap.intercept('chats.listUnmarked', () => Promise.reject(new Error('it always fails')));
    await startReplica({ tap });
    await eventually(() => harness.db.stores.chats.listMarked(10, [])).toEqual([]);
  });

  test('the recovery loop removes running and waiting turns that arrived in a chat after its purge', async () => {
    const chat = await harness.newChat();
    await harness.db.stores.chats.markDeleted(harness.scope, chat);
    await harness.db.stores.chats.purge(chat);
    await insertTurn(harness, chat, 4, { lease: { ...deadLease } });
    await insertTurn(harness, chat, 6);
    const replica = await startReplica();
    await replica.live(2 * LEASE_MS);
    await eventually(() => turnsOf(harness, chat)).toEqual([]);
  });

  test('the recovery loop removes a turn that was taken over too often when its chat was deleted', async () => {
    const chat = await harness.newChat();
    await harness.db.stores.chats.markDeleted(harness.scope, chat);
    await harness.db.stores.chats.purge(chat);
    await insertTurn(harness, chat, 4, { lease: deadLease });
    await harness.db.raw.collection('turns').updateOne({ chat }, { $set: { takeovers: 2 } });
    const replica = await startReplica();
    await replica.live(2 * LEASE_MS);
    await eventually(() => turnsOf(harness, chat)).toEqual([]);
  });

  test('a failing recovery loop is logged and runs again', async () => {
    const chat = await harness.newChat();
    const replica = await startReplica();
    replica.tap.disconnect('turns.listUnfinished', 'before');
    await replica.live(RECOVERY_MS + STEP_MS);
    expect(replica.log.map(({ event }) => event)).toEqual(['recovery failed']);
    await insertTurn(harness, chat, 1);
    await replica.live(RECOVERY_MS + STEP_MS);
    await eventually(() => transcript(harness, chat)).toHaveLength(2);
  });
});

describe('a healthy run', () => {
  test('a run of many leases is never run twice, in its own process or another', async () => {
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

  test('a run survives renewals that fail or hang for less than a lease', async () => {
    const chat = await harness.newChat();
    const owner = await startReplica();
    const gate = harness.model.hold();
    const sending = owner.turns.send(harness.scope, { chat, content: 'shaken' });
    await harness.model.callTo('shaken');
    owner.tap.disconnect('turns.renew', 'before', 2);
    await owner.live(LEASE_MS - STEP_MS);
    expect(owner.log.filter(({ event }) => event === 'lease renewal failed')).toHaveLength(2);
    // One renewal hangs, and the next ones continue without it.
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
