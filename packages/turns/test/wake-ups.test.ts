import { ApiError, mintId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import {
  eventually,
  type Replica,
  type ReplicaOptions,
  startHarness,
  transcript,
  turnsOf,
} from './harness.ts';

/*
 * Waiting turns are started by events and never by the recovery loop, which runs once at the start and then not for
 * an hour.
 */

const harness = await startHarness('wake_ups');

async function startSweptReplica(options: ReplicaOptions = {}): Promise<Replica> {
  const replica = harness.startReplica({ ...options, bounds: { leaseMs: 3_600_000, ...options.bounds } });
  await eventually(() => replica.tap.calls).toContain('chats.listMarked');
  await replica.tap.quiet();
  return replica;
}

describe('the end of a turn and its successor', () => {
  test('a successor that is announced before the end is started by the end', async () => {
    const { turns, tap } = await startSweptReplica();
    const chat = await harness.newChat();
    const end = tap.hold('turns.end');
    const first = turns.send(harness.scope, { chat, content: 'first' });
    await end.reached;
    const announced = tap.hold('turns.announceSuccessor', 'after');
    const second = turns.send(harness.scope, { chat, content: 'second' });
    await announced.reached;
    announced.release();
    end.release();
    expect([await first, await second]).toMatchObject([
      { outcome: { kind: 'answered' } },
      { outcome: { kind: 'answered' } },
    ]);
    expect(tap.calls).toContain('turns.claimNext');
    expect(tap.calls).not.toContain('turns.claim');
  });

  test('a successor that is announced after the end is started by its own process', async () => {
    const { turns, tap } = await startSweptReplica();
    const chat = await harness.newChat();
    const end = tap.hold('turns.end');
    const first = turns.send(harness.scope, { chat, content: 'first' });
    await end.reached;
    const announcement = tap.hold('turns.announceSuccessor');
    const second = turns.send(harness.scope, { chat, content: 'second' });
    await announcement.reached;
    end.release();
    expect(await first).toMatchObject({ outcome: { kind: 'answered' } });
    announcement.release();
    expect(await second).toMatchObject({ outcome: { kind: 'answered' } });
    expect(tap.calls).not.toContain('turns.claimNext');
    expect(tap.calls).toContain('turns.claim');
  });

  test('a message whose predecessor ends between the read of the tail and the insert is claimed at once', async () => {
    const { turns, tap } = await startSweptReplica();
    const chat = await harness.newChat();
    const end = tap.hold('turns.end');
    const first = turns.send(harness.scope, { chat, content: 'first' });
    await end.reached;
    const insert = tap.hold('turns.insert');
    const second = turns.send(harness.scope, { chat, content: 'second' });
    await insert.reached;
    end.release();
    await first;
    insert.release();
    expect(await second).toMatchObject({ outcome: { kind: 'answered' } });
  });

  test('a successor in another process is started by the process that runs its predecessor', async () => {
    const one = await startSweptReplica();
    const two = await startSweptReplica();
    const chat = await harness.newChat();
    const gate = harness.model.hold();
    const first = one.turns.send(harness.scope, { chat, content: 'on one' });
    await harness.model.callTo('on one');
    const announced = two.tap.hold('turns.announceSuccessor', 'after');
    const second = two.turns.send(harness.scope, { chat, content: 'on two' });
    await announced.reached;
    announced.release();
    gate.release();
    expect([await first, await second]).toMatchObject([
      { outcome: { kind: 'answered' } },
      { outcome: { kind: 'answered' } },
    ]);
    expect(one.tap.calls).toContain('turns.claimNext');
  });

  test('a whole queue runs to its end, in order', async () => {
    const { turns } = await startSweptReplica();
    const chat = await harness.newChat();
    const gate = harness.model.hold();
    const sends = ['1', '2', '3', '4', '5', '6'].map((content) =>
      turns.send(harness.scope, { chat, content }),
    );
    await eventually(() => turnsOf(harness, chat)).toHaveLength(6);
    gate.release();
    expect((await Promise.all(sends)).filter(({ outcome }) => outcome.kind !== 'answered')).toEqual([]);
    expect(await transcript(harness, chat)).toHaveLength(12);
  });
});

describe('one slot', () => {
  test('many chats share one slot and are all answered', async () => {
    const { turns } = await startSweptReplica({ bounds: { runningTurnsMax: 1 } });
    const chats = await Promise.all(Array.from({ length: 20 }, () => harness.newChat()));
    const gate = harness.model.hold();
    const before = harness.model.calls().length;
    const sends = chats.flatMap((chat) =>
      ['x', 'y'].map((content) => turns.send(harness.scope, { chat, content: `${content} in ${chat}` })),
    );
    await eventually(() => harness.db.raw.collection('turns').countDocuments({ chat: { $in: chats } })).toBe(
      40,
    );
    expect(harness.model.calls().length - before).toBe(1);
    gate.release();
    expect((await Promise.all(sends)).filter(({ outcome }) => outcome.kind !== 'answered')).toEqual([]);
    expect(harness.model.calls().length - before).toBe(40);
  });

  test('a waiting turn that another process took meanwhile does not block the slot', async () => {
    const one = await startSweptReplica({ bounds: { runningTurnsMax: 1 } });
    const gate = harness.model.hold();
    const running = one.turns.send(harness.scope, { chat: await harness.newChat(), content: 'running' });
    await harness.model.callTo('running');
    const chats = [await harness.newChat(), await harness.newChat(), await harness.newChat()];
    const waiting = [];
    for (const [index, chat] of chats.entries()) {
      waiting.push(one.turns.send(harness.scope, { chat, content: `waiting ${index} ${chat}` }));
      await eventually(() => turnsOf(harness, chat)).toHaveLength(1);
      await one.tap.quiet();
    }
    // Another process claims two of the three turns, so the claims here fail.
    for (const chat of chats.slice(0, 2)) {
      const [turn] = await turnsOf(harness, chat);
      await harness.db.stores.turns.claim(harness.scope, turn?._id as never, 'elsewhere');
    }
    gate.release();
    await running;
    expect(await waiting[2]).toMatchObject({ outcome: { kind: 'answered' } });
    for (const chat of chats) await one.turns.deleteChat(harness.scope, chat);
    await Promise.all(waiting);
  });

  test('a slot that was held for a rejected message goes to a waiting turn', async () => {
    const { turns, tap } = await startSweptReplica({ bounds: { runningTurnsMax: 1 } });
    const gate = Promise.withResolvers<void>();
    tap.intercept('turns.insert', async () => {
      await gate.promise;
      throw new ApiError('database_unavailable');
    });
    const refused = turns.send(harness.scope, { chat: await harness.newChat(), content: 'refused' });
    await eventually(() => tap.calls).toContain('turns.insert');
    tap.pass('turns.insert');
    const waiting = turns.send(harness.scope, { chat: await harness.newChat(), content: 'waiting' });
    await eventually(() => turns.waiting).toBe(1);
    gate.resolve();
    await expect(refused).rejects.toMatchObject({ code: 'database_unavailable' });
    expect(await waiting).toMatchObject({ outcome: { kind: 'answered' } });
  });

  test('a turn whose claim fails does not run, and its slot is free for the next', async () => {
    const { turns, tap, log } = await startSweptReplica({ bounds: { runningTurnsMax: 1 } });
    const gate = harness.model.hold();
    const running = turns.send(harness.scope, { chat: await harness.newChat(), content: 'r' });
    await harness.model.callTo('r');
    const [left, next] = [await harness.newChat(), await harness.newChat()];
    const leftSend = turns.send(harness.scope, { chat: left, content: 'left' });
    await eventually(() => turns.waiting).toBe(1);
    const nextSend = turns.send(harness.scope, { chat: next, content: 'next' });
    await eventually(() => turns.waiting).toBe(2);
    tap.disconnect('turns.claim', 'before');
    gate.release();
    await running;
    expect(await nextSend).toMatchObject({ outcome: { kind: 'answered' } });
    expect(log.map(({ event }) => event)).toContain('claim failed; the recovery loop will find the turn');
    expect(await turnsOf(harness, left)).toMatchObject([{ status: 'queued' }]);
    await turns.deleteChat(harness.scope, left);
    expect((await leftSend).outcome).toEqual({ kind: 'deleted' });
  });
});

test('a turn without a successor claims nothing when it ends', async () => {
  const { turns, tap } = await startSweptReplica();
  const chat = await harness.newChat();
  await turns.send(harness.scope, { chat, content: `alone ${mintId('request')}` });
  expect(tap.calls.filter((call) => call.startsWith('turns.claim'))).toEqual([]);
});
