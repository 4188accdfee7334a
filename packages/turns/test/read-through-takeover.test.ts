import { describe, expect, test, vi } from 'vitest';
import { AnswerReader } from './answer-reader.ts';
import { type ClockedReplica, STEP_MS, startClocked } from './clocked-replica.ts';
import { eventually, LEASE_MS, startHarness, TICK_MS } from './harness.ts';
import { SteppedAgent, type SteppedRun } from './stepped-agent.ts';
import { begin, eagerBounds } from './two-replicas.ts';

/*
 * The run of an answer dies or stalls, and another process runs the turn again. A reader receives the text of one run,
 * never a mixture, and no text of a run that may have been taken over.
 */

const harness = await startHarness('takeover');

/** Moves the clock of a process until it has taken over the turn of this message. */
async function takeOverAt(taker: ClockedReplica, agent: SteppedAgent): Promise<SteppedRun> {
  while (agent.runsOf('q').length < 2) await taker.live(STEP_MS);
  return agent.run('q', 2);
}

/** A dead run that wrote and logged `said`, and the run in another process that took the turn over. */
async function takeOver(said: string) {
  const agent = new SteppedAgent();
  const { runAgent } = agent;
  const dead = harness.startReplica({ bounds: { tickMs: 5 }, runAgent });
  // This process only reads and takes no turn over.
  const third = harness.startReplica({ bounds: { ...eagerBounds, runningTurnsMax: 0 } });
  const place = await begin(harness, dead, 'q');
  const first = await agent.run('q');
  first.emit(said);
  await eventually(() => dead.tap.calls).toContain('turnLog.append');
  await dead.tap.quiet();
  const seeing = new AnswerReader(third, harness.scope, place);
  await eventually(() => seeing.text).toBe(said);
  dead.kill();
  const taker = await startClocked(harness, { runAgent });
  const second = await takeOverAt(taker, agent);
  const tick = () => taker.live(TICK_MS);
  return { place, second, seeing, third, taker, tick };
}

/** Writes text in the new run and moves the clock until the text is logged. */
async function say(run: SteppedRun, text: string, tick: () => Promise<void>): Promise<void> {
  run.emit(text);
  await tick();
}

describe('a reader that saw some of a run that died', () => {
  test('a reader receives one snapshot when the turn is taken over, and then the text of the new run', async () => {
    const { second, seeing, tick } = await takeOver('what the first one said');
    await say(second, 'fresh', tick);
    await eventually(() => seeing.text).toBe('fresh');
    await say(second, ' answer', tick);
    await eventually(() => seeing.text).toBe('fresh answer');
    second.finish();
    await seeing.done;
    expect(seeing.types.filter((type) => type === 'snapshot')).toHaveLength(1);
    expect(seeing.types.filter((type) => type === 'start' || type === 'text-start')).toHaveLength(2);
    expect([seeing.text, seeing.cursor?.attempt]).toEqual(['fresh answer', 2]);
    expect(seeing.end).toMatchObject({ status: 'completed' });
  });

  test('a reader that reconnects with its cursor receives one snapshot in any process', async () => {
    const { place, second, seeing, third, taker, tick } = await takeOver('old');
    const from = { attempt: 1, part: 1, offset: 3 };
    await seeing.stop();
    await say(second, 'new', tick);
    const back = [taker, third].map(
      (replica) => new AnswerReader(replica, harness.scope, { ...place, from }),
    );
    for (const reader of back) await eventually(() => reader.text).toBe('new');
    await say(second, 'er', tick);
    second.finish();
    for (const reader of back) {
      await reader.done;
      expect(reader.types[0]).toBe('snapshot');
      expect(reader.types.filter((type) => type === 'snapshot')).toHaveLength(1);
      expect(reader.text).toBe('newer');
    }
  });

  test('a new reader receives the new run from its start without a snapshot', async () => {
    const { place, second, third, taker, tick } = await takeOver('old');
    await say(second, 'new', tick);
    const readers = [taker, third].map((replica) => new AnswerReader(replica, harness.scope, place));
    for (const reader of readers) await eventually(() => reader.text).toBe('new');
    second.finish();
    for (const reader of readers) {
      await reader.done;
      expect(reader.types).toEqual(['start', 'text-start', 'text-delta', 'text-end', 'end']);
    }
  });
});

describe('a process that stalls past its deadline', () => {
  test('a stalled process shows readers no text of its run after its deadline, then the text of the new run', async () => {
    const agent = new SteppedAgent();
    const { runAgent } = agent;
    const stalled = await startClocked(harness, { runAgent });
    const place = await begin(harness, stalled, 'q');
    const first = await agent.run('q');
    const reader = new AnswerReader(stalled, harness.scope, place);
    first.emit('before');
    await eventually(() => reader.text).toBe('before');
    // The process is suspended here. When it resumes, its run emits text before its timers fire.
    stalled.clock.jump(LEASE_MS);
    first.emit(' and after');
    expect(first.signal.aborted).toBe(true);
    first.emit(' and more');
    const second = await takeOverAt(await startClocked(harness, { runAgent }), agent);
    second.emit('fresh');
    second.finish();
    await vi.waitFor(
      () => {
        stalled.clock.advance(500);
        expect(reader.end).toBeDefined();
      },
      { timeout: 30_000 },
    );
    expect(reader.text).toBe('fresh');
    const shown = JSON.stringify(reader.events);
    expect(shown).not.toContain('after');
    expect(shown).not.toContain('more');
    expect(reader.types.filter((type) => type === 'snapshot')).toHaveLength(1);
  });

  test('a stalled process reads its own answer from the database like any other', async () => {
    const agent = new SteppedAgent();
    const stalled = await startClocked(harness, { runAgent: agent.runAgent });
    const place = await begin(harness, stalled, 'q');
    const run = await agent.run('q');
    run.emit('never logged');
    stalled.clock.jump(LEASE_MS);
    const reader = new AnswerReader(stalled, harness.scope, place);
    await eventually(() => stalled.tap.calls).toContain('turnLog.read');
    expect(reader.text).toBe('');
    await reader.stop();
  });
});
