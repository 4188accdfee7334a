import { describe, expect, test } from 'vitest';
import { AnswerReader } from './answer-reader.ts';
import { eventually, LEASE_MS, startHarness, TICK_MS } from './harness.ts';
import { SteppedAgent } from './stepped-agent.ts';
import type { StoreCall } from './store-tap.ts';
import { TestClock } from './test-clock.ts';
import { begin } from './two-replicas.ts';

/* Running turns are supervised by ticks. A query that hangs or fails does not cost a run its lease. */

const harness = await startHarness('keeper');

/** A process that runs some turns, each in its own chat. */
async function startRunning(size: number) {
  const agent = new SteppedAgent();
  const clock = new TestClock();
  const owner = harness.startReplica({ clock, runAgent: agent.runAgent });
  await clock.rounds();
  const questions = Array.from({ length: size }, (_, index) => `q ${index}`);
  const places = await Promise.all(questions.map((question) => begin(harness, owner, question)));
  const runs = await Promise.all(questions.map((question) => agent.run(question)));
  const count = (call: StoreCall) => owner.tap.calls.filter((name) => name === call).length;
  const tick = async (pending = 0) => {
    clock.advance(TICK_MS);
    await clock.rounds();
    await eventually(() => owner.tap.pending).toBe(pending);
  };
  return { owner, clock, places, runs, tick, count };
}

describe('a tick', () => {
  test('a tick sends one query, one write and few renewals, for any number of turns', async () => {
    const { runs, tick, count } = await startRunning(20);
    const ticks = LEASE_MS / TICK_MS;
    for (let index = 0; index < ticks; index++) {
      for (const run of runs) run.emit('x');
      await tick();
    }
    expect(count('turns.listMarks')).toBe(ticks);
    expect(count('turnLog.append')).toBe(ticks);
    expect(count('turns.renew')).toBe(4);
  });

  test('a tick sends no query while nothing runs', async () => {
    const { owner, places, runs, tick } = await startRunning(1);
    runs[0]?.finish();
    await eventually(() => owner.tap.calls).toContain('turns.end');
    // The turn has ended when its reader receives the end.
    await new AnswerReader(owner, harness.scope, places[0] ?? { chat: 'chat_', answerId: '' }).done;
    // Ended turns are counted once, within a second.
    for (let index = 0; index < 4; index++) await tick();
    expect(owner.tap.calls).toContain('usage.count');
    await owner.tap.quiet();
    const before = owner.tap.calls.length;
    for (let index = 0; index < 4; index++) await tick();
    const calls = owner.tap.calls.slice(before);
    expect(calls.filter((call) => !/listUnfinished|listMarked|listUnmarked/.test(call))).toEqual([]);
  });

  test('a tick whose query hangs sends no second query and renews the leases', async () => {
    const { owner, runs, tick, count } = await startRunning(1);
    const query = owner.tap.hold('turns.listMarks');
    for (let index = 0; index < (3 * LEASE_MS) / TICK_MS; index++) await tick(1);
    expect(count('turns.listMarks')).toBe(1);
    expect(runs[0]?.signal.aborted).toBe(false);
    await harness.db.raw.collection('turns').updateMany({}, { $set: { isCancelled: true } });
    query.release();
    await tick();
    await tick();
    expect(runs[0]?.signal.aborted).toBe(true);
  });

  test('a tick whose query fails is logged, and the next one follows', async () => {
    const { owner, runs, tick, count } = await startRunning(1);
    owner.tap.disconnect('turns.listMarks', 'before', 3);
    for (let index = 0; index < 4; index++) await tick();
    expect(owner.log.map(({ event }) => event)).toEqual(
      Array.from({ length: 3 }, () => 'could not read whether running turns were cancelled or deleted'),
    );
    expect(count('turns.listMarks')).toBe(4);
    expect(runs[0]?.signal.aborted).toBe(false);
  });

  test('a tick that misses a turn with a valid lease continues it, because the queried member may be stale', async () => {
    const { owner, runs, tick } = await startRunning(2);
    owner.tap.intercept('turns.listMarks', async () => []);
    for (let index = 0; index < 4; index++) await tick();
    expect(runs.map(({ signal }) => signal.aborted)).toEqual([false, false]);
    owner.tap.pass('turns.listMarks');
    for (const run of runs) run.finish();
    await eventually(() => owner.tap.calls.filter((call) => call === 'turns.end')).toHaveLength(2);
  });

  test('a tick that misses a deleted turn stops its run and no other', async () => {
    const { owner, places, runs, tick } = await startRunning(2);
    const deleted = places[0]?.chat ?? 'chat_';
    await harness.db.stores.chats.markDeleted(harness.scope, deleted);
    await harness.db.stores.chats.purge(deleted);
    await tick();
    await eventually(() => runs.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    expect(owner.log.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
