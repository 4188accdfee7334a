import { echoOf, scripts } from '@parley/agent/testing';
import { describe, expect, test } from 'vitest';
import { eventually, LEASE_MS, type Replica, startHarness, transcript, turnsOf } from './harness.ts';
import { TestClock } from './test-clock.ts';

const harness = await startHarness('drain');

/** Shorter than a lease, because the test lets it pass in one jump of the clock. */
const GRACE_MS = LEASE_MS / 2;

/** Begins a drain without a grace time that has to wait for something. */
async function beginWaitingDrain(turns: Replica['turns']): Promise<{ readonly ended: Promise<void> }> {
  let isDrained = false;
  const ended = turns.drain(0, AbortSignal.abort()).then(() => {
    isDrained = true;
  });
  await new Promise(setImmediate);
  expect(isDrained).toBe(false);
  return { ended };
}

describe('a draining process', () => {
  test('a draining process accepts nothing more and lets its runs finish', async () => {
    const { turns } = harness.startReplica();
    const chat = await harness.newChat();
    const gate = harness.model.hold();
    const sending = turns.send(harness.scope, { chat, content: 'runs' });
    await harness.model.callTo('runs');
    const drained = turns.drain(GRACE_MS);
    expect(turns.isDraining).toBe(true);
    await expect(turns.send(harness.scope, { chat, content: 'late' })).rejects.toMatchObject({
      code: 'draining',
      facts: {},
    });
    gate.release();
    expect(await sending).toMatchObject({ outcome: { kind: 'answered' } });
    await drained;
    expect(await transcript(harness, chat)).toEqual(['user: runs', `assistant: ${echoOf('runs')}`]);
  });

  test('a draining process without runs finishes at once, also when it drains twice, and leaves no timer', async () => {
    const clock = new TestClock();
    const { turns, tap } = harness.startReplica({ clock });
    await clock.rounds();
    await turns.drain(GRACE_MS);
    await turns.drain(GRACE_MS);
    expect(clock.sleepers).toBe(0);
    expect(tap.pending).toBe(0);
  });

  test('a draining process hands over unfinished turns, and this does not count as a crash', async () => {
    const clock = new TestClock();
    const { turns, log } = harness.startReplica({ clock });
    const chat = await harness.newChat();
    harness.model.reply(scripts.neverEnding('never stored'));
    const sending = turns.send(harness.scope, { chat, content: 'long' });
    const call = await harness.model.callTo('long');
    const drained = turns.drain(GRACE_MS);
    await clock.someoneElse();
    clock.advance(GRACE_MS - 1);
    expect(call.isAborted).toBe(false);
    clock.advance(1);
    expect((await sending).outcome).toEqual({ kind: 'handed-over' });
    await drained;
    await call.aborted;
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'queued', takeovers: 0, messages: [{}] }]);
    expect(clock.sleepers).toBe(0);
    expect(log.filter(({ level }) => level === 'error')).toEqual([]);

    harness.startReplica();
    await eventually(() => transcript(harness, chat)).toHaveLength(2);
    expect(await turnsOf(harness, chat)).toMatchObject([
      { status: 'completed', takeovers: 0, lease: { attempt: 2 }, usage: [{ attempt: 1 }, { attempt: 2 }] },
    ]);
  });

  test('a draining process renews its leases until the end of its grace period', async () => {
    const clock = new TestClock();
    const { turns, tap } = harness.startReplica({ clock });
    const chat = await harness.newChat();
    const gate = harness.model.hold();
    const sending = turns.send(harness.scope, { chat, content: 'graceful' });
    await harness.model.callTo('graceful');
    const drained = turns.drain(10 * LEASE_MS);
    for (let step = 0; step < 40; step++) {
      clock.advance(LEASE_MS / 10);
      await clock.rounds();
      await tap.quiet();
    }
    gate.release();
    expect(await sending).toMatchObject({ outcome: { kind: 'answered' } });
    await drained;
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'completed', takeovers: 0 }]);
  });

  test('a second signal ends the grace period', async () => {
    const { turns } = harness.startReplica();
    const chat = await harness.newChat();
    harness.model.reply(scripts.neverEnding());
    const sending = turns.send(harness.scope, { chat, content: 'hurried' });
    await harness.model.callTo('hurried');
    const force = new AbortController();
    const drained = turns.drain(3_600_000, force.signal);
    force.abort();
    expect((await sending).outcome).toEqual({ kind: 'handed-over' });
    await drained;
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'queued', takeovers: 0 }]);
  });

  test('a draining process ends every wait, also for turns that wait or run elsewhere', async () => {
    const elsewhere = harness.startReplica();
    const { turns, tap } = harness.startReplica({ bounds: { runningTurnsMax: 1 } });
    const [busy, queued, remote] = [
      await harness.newChat(),
      await harness.newChat(),
      await harness.newChat(),
    ];
    const gate = harness.model.hold();
    const there = elsewhere.turns.send(harness.scope, { chat: remote, content: 'there' });
    await harness.model.callTo('there');
    const sends = [turns.send(harness.scope, { chat: busy, content: 'here' })];
    await harness.model.callTo('here');
    // One turn waits behind the running turn of this process, one for the slot, and one behind the running turn of
    // the other process.
    for (const chat of [busy, queued, remote])
      sends.push(turns.send(harness.scope, { chat, content: 'waits' }));
    await eventually(() => tap.calls.filter((call) => call === 'turns.announceSuccessor')).toHaveLength(2);
    await eventually(() => turns.waiting).toBe(1);
    await tap.quiet();
    await turns.drain(0, AbortSignal.abort());
    expect((await Promise.all(sends)).map(({ outcome }) => outcome.kind)).toEqual([
      'handed-over',
      'handed-over',
      'handed-over',
      'handed-over',
    ]);
    gate.release();
    expect(await there).toMatchObject({ outcome: { kind: 'answered' } });
    // The other process answers all messages: its own queue at once, the others after its next recovery pass.
    for (const [chat, lines] of [
      [busy, 4],
      [queued, 2],
      [remote, 4],
    ] as const) {
      await eventually(() => transcript(harness, chat)).toHaveLength(lines);
    }
  });
});

describe('work that is under way when the drain begins', () => {
  test('a message that is being stored is accepted and handed over, and nothing runs after the drain', async () => {
    const { turns, tap } = harness.startReplica();
    const chat = await harness.newChat();
    const insert = tap.hold('turns.insert', 'after');
    const sending = turns.send(harness.scope, { chat, content: 'just in time' });
    await insert.reached;
    const before = harness.model.calls().length;
    const drain = await beginWaitingDrain(turns);
    insert.release();
    expect((await sending).outcome).toEqual({ kind: 'handed-over' });
    await drain.ended;
    expect(harness.model.calls()).toHaveLength(before);
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'queued', takeovers: 0 }]);
  });

  test('the reservation of a message that could not be stored is given back before the drain ends', async () => {
    const { turns, tap } = harness.startReplica();
    const chat = await harness.newChat();
    tap.intercept('turns.insert', () => Promise.reject(new Error('it cannot be stored')));
    const giveBack = tap.hold('budgets.giveBack');
    const requestedBy = { allowance: { tokensPerDay: { team: 3_000 } } };
    const sending = turns.send(harness.scope, { chat, content: 'just too late', requestedBy });
    sending.catch(() => undefined);
    await giveBack.reached;
    const drain = await beginWaitingDrain(turns);
    giveBack.release();
    await expect(sending).rejects.toThrow('it cannot be stored');
    await drain.ended;
    const budgets = harness.db.raw.collection('budgets');
    expect(await budgets.findOne({ team: harness.scope.team })).toMatchObject({ spent: 0 });
  });

  test('a turn that the recovery loop is claiming is handed over', async () => {
    const chat = await harness.newChat();
    const owner = harness.startReplica({ bounds: { runningTurnsMax: 0 } });
    const sending = owner.turns.send(harness.scope, { chat, content: 'swept' });
    await eventually(() => turnsOf(harness, chat)).toHaveLength(1);
    const clock = new TestClock();
    const { turns, tap } = harness.startReplica({ clock });
    const claim = tap.hold('turns.claim', 'after');
    await claim.reached;
    let isDrained = false;
    const drained = turns.drain(0, AbortSignal.abort()).then(() => {
      isDrained = true;
    });
    const release = tap.hold('turns.release');
    claim.release();
    await release.reached;
    // The recovery loop has ended, and the work that it started has not.
    await eventually(() => tap.calls).toContain('chats.listMarked');
    await eventually(() => tap.pending).toBe(1);
    await new Promise(setImmediate);
    expect(isDrained).toBe(false);
    release.release();
    await drained;
    expect(await turnsOf(harness, chat)).toMatchObject([
      { status: 'queued', takeovers: 0, lease: { attempt: 1 } },
    ]);
    expect(tap.pending).toBe(0);
    await owner.turns.drain(0, AbortSignal.abort());
    expect((await sending).outcome).toEqual({ kind: 'handed-over' });
  });

  test('an end that is being stored is stored, and other processes claim its successor', async () => {
    const { turns, tap } = harness.startReplica();
    const chat = await harness.newChat();
    const end = tap.hold('turns.end');
    const first = turns.send(harness.scope, { chat, content: 'first' });
    await end.reached;
    const second = turns.send(harness.scope, { chat, content: 'second' });
    await eventually(() => tap.calls).toContain('turns.announceSuccessor');
    await eventually(() => tap.pending).toBe(1);
    const drained = turns.drain(0, AbortSignal.abort());
    end.release();
    expect((await first).outcome).toMatchObject({ kind: 'answered' });
    expect((await second).outcome).toEqual({ kind: 'handed-over' });
    await drained;
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'completed' }, { status: 'queued' }]);
  });

  test('a hand-over that cannot be stored is logged, and the turn is taken over later', async () => {
    const { turns, tap, log } = harness.startReplica();
    const chat = await harness.newChat();
    harness.model.reply(scripts.neverEnding());
    const sending = turns.send(harness.scope, { chat, content: 'cut off' });
    await harness.model.callTo('cut off');
    tap.disconnect('turns.release', 'before', 100);
    await turns.drain(0, AbortSignal.abort());
    expect((await sending).outcome).toEqual({ kind: 'handed-over' });
    expect(log.map(({ event }) => event)).toContain('run broke off');
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'generating', takeovers: 0 }]);
  });
});
