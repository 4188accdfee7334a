import { describe, expect, test } from 'vitest';
import { SharedReads } from '../src/read/shared-reads.ts';
import { ChatFollower } from './chat-events.ts';
import { eventually, startHarness } from './harness.ts';
import { TestClock } from './test-clock.ts';
import { begin, startTwo } from './two-replicas.ts';

/*
 * The number of database commands for followers. Each counted call of the store is one command. The test moves the
 * clock of the process.
 */

const harness = await startHarness('shared_reads');

const QUERIES = new Set(['chats.listReach', 'turns.listGrown', 'turns.listAfter', 'turns.listStates']);

/** A process without runs, and the number of commands that its followers send in a time. */
function startWatcher() {
  const clock = new TestClock();
  const replica = harness.startReplica({ clock, bounds: { runningTurnsMax: 0 } });
  const commands = () => replica.tap.calls.filter((call) => QUERIES.has(call)).length;
  const pass = async (ms: number) => {
    const before = commands();
    for (let passed = 0; passed < ms; passed += 125) {
      clock.advance(125);
      await new Promise(setImmediate);
      await replica.tap.quiet();
      await new Promise(setImmediate);
    }
    return commands() - before;
  };
  return { replica, pass };
}

describe('queries of idle followers', () => {
  test('many followers of one chat send as many queries as one', async () => {
    const { replica, pass } = startWatcher();
    const chat = await harness.newChat();
    const follow = () => new ChatFollower(replica, harness.scope, chat);
    const followers = [follow()];
    await eventually(() => followers[0]?.received).toEqual(['followed']);
    await pass(10_000);
    const ofOne = await pass(10_000);
    // A poll is two commands, about every two seconds.
    expect(ofOne).toBeGreaterThanOrEqual(8);
    expect(ofOne).toBeLessThanOrEqual(14);
    for (let count = 1; count < 50; count++) followers.push(follow());
    for (const follower of followers) await eventually(() => follower.received).toEqual(['followed']);
    await pass(10_000);
    expect(await pass(10_000)).toBeLessThanOrEqual(ofOne + 2);
    for (const follower of followers) await follower.stop();
  });

  test('followers of a hundred chats share commands', async () => {
    const { replica, pass } = startWatcher();
    const followers: ChatFollower[] = [];
    for (let count = 0; count < 100; count++) {
      followers.push(new ChatFollower(replica, harness.scope, await harness.newChat()));
    }
    for (const follower of followers) await eventually(() => follower.received).toEqual(['followed']);
    await pass(10_000);
    // Separate polls of each chat would send 200 commands every two seconds.
    expect(await pass(10_000)).toBeLessThanOrEqual(100);
    for (const follower of followers) await follower.stop();
  });
});

test('readers of an answer in another process share queries and receive all its text', async () => {
  const { agent, owner } = startTwo(harness);
  const { replica, pass } = startWatcher();
  const { chat, answerId } = await begin(harness, owner, 'q');
  const run = await agent.run('q');
  const followers = Array.from({ length: 20 }, () => new ChatFollower(replica, harness.scope, chat));
  for (const follower of followers) await eventually(() => follower.received).toContain('start');
  await pass(5_000);
  const cost = await pass(2_000);
  // One reader polls every 400 ms, and its chat is polled as well.
  expect(cost).toBeLessThanOrEqual(25);
  run.emit('text');
  run.finish();
  for (const follower of followers) {
    await eventually(async () => {
      await pass(250);
      return follower.text(answerId);
    }).toBe('text');
  }
  for (const follower of followers) await follower.stop();
});

describe('a shared read', () => {
  const start = () => {
    const commands: string[][] = [];
    let now = 0;
    let release: () => void = () => undefined;
    const reads = new SharedReads<string, string>(
      { now: () => now },
      (name) => name,
      (names) => {
        commands.push([...names]);
        return new Promise((resolve) => {
          release = () => resolve(names.map((name) => `${name} at ${now}`));
        });
      },
    );
    return { reads, commands, pass: (ms: number) => (now += ms), release: () => release() };
  };

  test('a shared read serves all concurrent callers, and the next one serves those that came meanwhile', async () => {
    const { reads, commands, release } = start();
    const first = [reads.read('a'), reads.read('a'), reads.read('b')];
    await Promise.resolve();
    const second = [reads.read('a'), reads.read('c')];
    release();
    expect(await Promise.all(first)).toEqual(['a at 0', 'a at 0', 'b at 0']);
    release();
    await Promise.all(second);
    expect(commands).toEqual([
      ['a', 'b'],
      ['a', 'c'],
    ]);
  });

  test('a shared read is reused up to the age that a reader accepts, and never for a reader that needs a new one', async () => {
    const { reads, commands, pass, release } = start();
    const first = reads.read('a');
    await Promise.resolve();
    release();
    await first;
    pass(100);
    expect(await reads.read('a', 101)).toBe('a at 0');
    expect(commands).toHaveLength(1);
    const next = reads.read('a', 100);
    await Promise.resolve();
    release();
    expect(await next).toBe('a at 100');
  });

  test('a shared read that fails rejects its callers and is not remembered', async () => {
    let isUnreachable = true;
    const reads = new SharedReads<string, string>(
      { now: () => 0 },
      (name) => name,
      async (names) => {
        if (isUnreachable) throw new Error('unreachable');
        return names;
      },
    );
    await expect(Promise.all([reads.read('a'), reads.read('a')])).rejects.toThrow('unreachable');
    isUnreachable = false;
    expect(await reads.read('a', 1_000)).toBe('a');
  });
});
