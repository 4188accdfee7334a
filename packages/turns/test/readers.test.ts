import { mintId } from '@parley/contract';
import { describe, expect, test, vi } from 'vitest';
import { Listeners } from '../src/read/listeners.ts';
import { AnswerReader } from './answer-reader.ts';
import { eventually, LEASE_MS, type Replica, startHarness, TICK_MS } from './harness.ts';
import { SteppedAgent } from './stepped-agent.ts';
import { LOOPS, TestClock } from './test-clock.ts';
import { begin, eagerBounds, startTwo } from './two-replicas.ts';

/* Readers that are rejected, the failures that readers survive, and their cost. */

const harness = await startHarness('readers');

const read = (replica: Replica, place: ConstructorParameters<typeof AnswerReader>[2]) =>
  new AnswerReader(replica, harness.scope, place);

describe('rejected readers', () => {
  test('reading an answer of another chat or team is rejected', async () => {
    const { agent, owner } = startTwo(harness);
    agent.echo();
    const place = await begin(harness, owner, 'q');
    await read(owner, place).done;
    const { userMessageId } = await owner.turns.accept(harness.scope, { chat: place.chat, content: 'r' });
    const otherTeam = { team: mintId('team') };
    const refused = [
      new AnswerReader(owner, otherTeam, place),
      read(owner, { ...place, chat: await harness.newChat() }),
      read(owner, { ...place, answerId: mintId('message') }),
      read(owner, { ...place, answerId: userMessageId }),
      read(owner, { ...place, answerId: 'no id' }),
    ];
    for (const { done } of refused) expect(await done).toMatchObject({ code: 'message_not_found' });
  });

  test('reading a running answer of another team is rejected, also in the process that runs it', async () => {
    const { agent, owner } = startTwo(harness);
    const place = await begin(harness, owner, 'q');
    await agent.run('q');
    const reader = new AnswerReader(owner, { team: mintId('team') }, place);
    expect(await reader.done).toMatchObject({ code: 'message_not_found' });
    const elsewhere = read(owner, { ...place, chat: await harness.newChat() });
    expect(await elsewhere.done).toMatchObject({ code: 'message_not_found' });
  });
});

describe('a reader in another process while the database is unreachable', () => {
  async function startAway() {
    const agent = new SteppedAgent();
    const owner = harness.startReplica({ bounds: eagerBounds, runAgent: agent.runAgent });
    const clock = new TestClock();
    const other = harness.startReplica({ clock, bounds: { runningTurnsMax: 0 } });
    const place = await begin(harness, owner, 'q');
    const run = await agent.run('q');
    const reader = read(other, place);
    await eventually(() => reader.types).toEqual(['start']);
    await clock.someoneElse();
    return { clock, other, run, reader };
  }

  test('a reader receives nothing for less than a lease and continues when the database is reachable', async () => {
    const { clock, other, run, reader } = await startAway();
    other.tap.disconnect('turns.listStates', 'before', 1_000);
    for (let passed = 0; passed < LEASE_MS - 2_000; passed += 500) {
      clock.advance(500);
      await other.tap.quiet();
    }
    other.tap.pass('turns.listStates');
    run.emit('back');
    await vi.waitFor(
      () => {
        clock.advance(500);
        expect(reader.text).toBe('back');
      },
      { timeout: 30_000 },
    );
    await reader.stop();
  });

  test('a reader is rejected after a whole lease without the database', async () => {
    const { clock, other, reader } = await startAway();
    other.tap.disconnect('turns.listStates', 'before', 1_000);
    for (let passed = 0; passed < LEASE_MS + 2_000; passed += 500) {
      clock.advance(500);
      await other.tap.quiet();
    }
    expect(await reader.done).toMatchObject({ code: 'database_unavailable' });
  });
});

describe('a reader that leaves', () => {
  test('a reader that leaves leaves no listener and no timer in any process', async () => {
    const attach = vi.spyOn(Listeners.prototype, 'attach');
    const clocks = [new TestClock(), new TestClock()] as const;
    const agent = new SteppedAgent();
    const owner = harness.startReplica({ clock: clocks[0], runAgent: agent.runAgent });
    const other = harness.startReplica({ clock: clocks[1], bounds: { runningTurnsMax: 0 } });
    for (const clock of clocks) await clock.rounds();
    const place = await begin(harness, owner, 'q');
    const run = await agent.run('q');
    const readers = [read(owner, place), read(other, place)];
    for (const reader of readers) await eventually(() => reader.types).toEqual(['start']);
    for (const reader of readers) await reader.stop();
    expect(clocks.map(({ sleepers }) => sleepers)).toEqual([LOOPS, LOOPS]);
    const ending = read(owner, place);
    run.finish();
    await ending.done;
    expect(clocks.map(({ sleepers }) => sleepers)).toEqual([LOOPS, LOOPS]);
    const sizes = attach.mock.contexts.map((listeners) => (listeners as Listeners<string, void>).size);
    attach.mockRestore();
    expect(sizes.filter((size) => size !== 0)).toEqual([]);
    expect(sizes.length).toBeGreaterThan(6);
  });
});

test('a turn that ends before the first tick writes no log, and a longer one writes new text once', async () => {
  const clock = new TestClock();
  const agent = new SteppedAgent();
  const owner = harness.startReplica({ clock, runAgent: agent.runAgent });
  await clock.rounds();
  const first = await begin(harness, owner, 'short');
  const short = await agent.run('short');
  short.emit('short');
  short.finish();
  await read(owner, first).done;
  await begin(harness, owner, 'long', first.chat);
  const long = await agent.run('long');
  expect(owner.tap.calls).not.toContain('turnLog.append');
  const appended: string[] = [];
  owner.tap.intercept('turnLog.append', async (proceed, [batches]) => {
    appended.push(...(batches as { text: string }[]).map(({ text }) => text));
    return proceed();
  });
  for (const text of ['one ', 'two ']) {
    long.emit(text);
    for (let tick = 0; tick < 3; tick++) {
      clock.advance(TICK_MS);
      await clock.rounds();
      await owner.tap.quiet();
    }
  }
  long.finish();
  expect(appended).toEqual(['one ', 'two ']);
});
