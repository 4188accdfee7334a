import { ModelError } from '@parley/agent';
import { mintId } from '@parley/contract';
import { describe, expect, test, vi } from 'vitest';
import type { ChatEventWithCursor } from '../src/index.ts';
import { Listeners } from '../src/read/listeners.ts';
import { ChatFollower } from './chat-events.ts';
import { eventually, LEASE_MS, startHarness, turnsOf } from './harness.ts';
import { SteppedAgent } from './stepped-agent.ts';
import { LOOPS, TestClock } from './test-clock.ts';
import { begin, startTwo } from './two-replicas.ts';

/*
 * A follower of a chat receives every message, its answer as it grows, and the deletion of the chat, in any process.
 */

const harness = await startHarness('follow_chat');

describe('a follower', () => {
  test('a follower receives messages and answers in order, in the running process and in others', async () => {
    const { agent, owner, other } = startTwo(harness);
    const chat = await harness.newChat();
    const followers = [owner, other].map((replica) => new ChatFollower(replica, harness.scope, chat));
    const first = await begin(harness, owner, 'first', chat);
    const run = await agent.run('first');
    run.emit('one');
    for (const follower of followers) await eventually(() => follower.text(first.answerId)).toBe('one');
    const second = await begin(harness, owner, 'second', chat);
    for (const follower of followers) await eventually(() => follower.received).toContain('accepted second');
    run.emit(' two');
    run.finish();
    agent.echo();
    for (const follower of followers) {
      await eventually(() => follower.received.filter((event) => event === 'end')).toHaveLength(2);
      expect(follower.text(first.answerId)).toBe('one two');
      expect(follower.text(second.answerId)).toBe('answer to second');
      const order = ['accepted first', 'start', 'accepted second', 'end'];
      expect(order.map((event) => follower.received.indexOf(event))).toEqual(
        order.map((event) => follower.received.indexOf(event)).toSorted((a, b) => a - b),
      );
      // The second answer is emitted only after the end of the first.
      expect(follower.received.lastIndexOf('start')).toBeGreaterThan(follower.received.indexOf('end'));
      await follower.stop();
    }
  });

  test('a follower in the running process receives events without queries', async () => {
    const agent = new SteppedAgent();
    const clock = new TestClock();
    const owner = harness.startReplica({ clock, runAgent: agent.runAgent });
    await clock.rounds();
    const chat = await harness.newChat();
    const follower = new ChatFollower(owner, harness.scope, chat);
    await clock.someoneElse();
    // From here on the clock does not move.
    await begin(harness, owner, 'first', chat);
    (await agent.run('first')).emit('text');
    await eventually(() => follower.received).toEqual(['followed', 'accepted first', 'start', 'delta']);
    const second = await begin(harness, owner, 'second', chat);
    await eventually(() => follower.received.at(-1)).toBe('accepted second');
    await owner.turns.cancel(harness.scope, second);
    (await agent.run('first')).finish();
    await eventually(() => follower.received.filter((event) => event === 'end')).toHaveLength(2);
    await owner.turns.deleteChat(harness.scope, chat);
    await follower.done;
    expect(follower.received.at(-1)).toBe('deleted');
  });

  test('a follower that begins during an answer receives it from its start, and nothing that ended before', async () => {
    const { agent, owner, other } = startTwo(harness);
    const chat = await harness.newChat();
    const sent = owner.turns.send(harness.scope, { chat, content: 'ended' });
    (await agent.run('ended')).finish();
    await sent;
    const { answerId } = await begin(harness, owner, 'runs', chat);
    const run = await agent.run('runs');
    run.emit('so far');
    for (const replica of [owner, other]) {
      const follower = new ChatFollower(replica, harness.scope, chat);
      await eventually(() => follower.text(answerId)).toBe('so far');
      expect(follower.received).toEqual(['followed', 'accepted runs', 'start', 'delta']);
      await follower.stop();
    }
  });

  test('a follower receives a failure and the retry of the message', async () => {
    const { agent, owner, other } = startTwo(harness);
    const chat = await harness.newChat();
    const follower = new ChatFollower(other, harness.scope, chat);
    await eventually(() => follower.received).toContain('followed');
    const place = await begin(harness, owner, 'q', chat);
    const run = await agent.run('q');
    run.emit('half');
    run.fail(new ModelError('model_failed', { calls: 1, cause: new Error('scripted') }));
    await eventually(() => follower.received.at(-1)).toBe('end');
    const { answerId } = await owner.turns.retry(harness.scope, { ...place, idempotency: undefined });
    const again = await agent.run('q', 2);
    again.emit('whole');
    again.finish();
    await eventually(() => follower.received.filter((event) => event === 'end')).toHaveLength(2);
    const ends = follower.events.flatMap(({ event }) => (event.type === 'answer-ended' ? [event] : []));
    expect(ends).toMatchObject([{ status: 'failed', errorCode: 'model_failed' }, { status: 'completed' }]);
    expect(follower.text(answerId)).toBe('whole');
    const accepted = follower.events.flatMap(({ event }) =>
      event.type === 'message-accepted' ? [event.turn] : [],
    );
    expect(accepted[1]).toMatchObject({ retryOf: { userMessageId: accepted[0]?.userMessage?.id }, answerId });
  });

  test('a follower receives the stop of an answer, also of one that waits', async () => {
    const { agent, owner, other } = startTwo(harness);
    const first = await begin(harness, owner, 'first');
    const follower = new ChatFollower(other, harness.scope, first.chat);
    const second = await begin(harness, owner, 'second', first.chat);
    (await agent.run('first')).emit('half');
    await eventually(() => follower.text(first.answerId)).toBe('half');
    await owner.turns.cancel(harness.scope, second);
    await owner.turns.cancel(harness.scope, first);
    await eventually(() => follower.received.filter((event) => event === 'end')).toHaveLength(2);
    expect(follower.texts.get(second.answerId)).toBeUndefined();
    expect(follower.texts.get(first.answerId)).toBe('half');
  });

  test('a follower receives the deletion of the chat from any process, and nothing after it', async () => {
    const { agent, owner, other } = startTwo(harness);
    const { chat } = await begin(harness, owner, 'q');
    const run = await agent.run('q');
    run.emit('secret');
    const followers = [owner, other].map((replica) => new ChatFollower(replica, harness.scope, chat));
    for (const follower of followers) await eventually(() => follower.received).toContain('delta');
    await owner.turns.deleteChat(harness.scope, chat);
    run.emit('later');
    for (const follower of followers) {
      expect(await follower.done).toBeUndefined();
      expect(follower.received.slice(-1)).toEqual(['deleted']);
      expect(follower.received.filter((event) => event === 'delta')).toHaveLength(1);
    }
    const late = new ChatFollower(other, harness.scope, chat, { from: followers[0]?.cursor });
    await late.done;
    expect(late.received.filter((event) => event !== 'snapshot')).toEqual(['deleted']);
  });
});

describe('following', () => {
  test('a follower in another process polls less often while nothing happens, and survives an unreachable database', async () => {
    const { other } = startTwo(harness);
    const clock = new TestClock();
    const quiet = harness.startReplica({ clock, bounds: { runningTurnsMax: 0 } });
    const chat = await harness.newChat();
    const follower = new ChatFollower(quiet, harness.scope, chat);
    await clock.someoneElse();
    const polls = () => quiet.tap.calls.filter((call) => call === 'turns.listGrown').length;
    const pass = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 250) {
        clock.advance(250);
        await quiet.tap.quiet();
        await new Promise(setImmediate);
      }
    };
    await pass(10_000);
    const before = polls();
    await pass(10_000);
    expect(polls() - before).toBeLessThanOrEqual(6);
    expect(polls() - before).toBeGreaterThanOrEqual(4);
    await other.turns.accept(harness.scope, { chat, content: 'q' });
    await vi.waitFor(
      () => {
        clock.advance(250);
        expect(follower.received).toContain('accepted q');
      },
      { timeout: 30_000 },
    );
    await follower.stop();
  });

  test('a follower of a chat of another team, or of a missing chat, gets the deletion of the chat', async () => {
    const { owner } = startTwo(harness);
    const { chat } = await begin(harness, owner, 'q');
    const followers = [
      new ChatFollower(owner, { team: mintId('team') }, chat),
      new ChatFollower(owner, harness.scope, mintId('chat')),
    ];
    for (const follower of followers) {
      await follower.done;
      expect(follower.received).toEqual(['followed', 'deleted']);
    }
  });

  test('a follower leaves no listener and no timer, also when it was never started', async () => {
    const attach = vi.spyOn(Listeners.prototype, 'attach');
    const agent = new SteppedAgent();
    const clock = new TestClock();
    const { runAgent } = agent;
    const replica = harness.startReplica({ clock, bounds: { leaseMs: LEASE_MS }, runAgent });
    await clock.rounds();
    const { chat } = await begin(harness, replica, 'q');
    const follower = new ChatFollower(replica, harness.scope, chat);
    await eventually(() => follower.received).toContain('start');
    (await agent.run('q')).finish();
    await eventually(() => follower.received).toContain('end');
    await follower.stop();
    const { signal } = new AbortController();
    const unread: AsyncGenerator<ChatEventWithCursor> = replica.turns.followChat(
      harness.scope,
      chat,
      undefined,
      signal,
    );
    await unread.return(undefined);
    expect(clock.sleepers).toBe(LOOPS);
    const sizes = attach.mock.contexts.map((listeners) => (listeners as Listeners<string, void>).size);
    attach.mockRestore();
    expect(sizes.filter((size) => size !== 0)).toEqual([]);
    expect((await turnsOf(harness, chat)).length).toBe(1);
  });

  test('a follower that received `chat-followed` receives every later event, however late it reads', async () => {
    const { agent, owner } = startTwo(harness);
    agent.echo();
    const chat = await harness.newChat();
    const events = owner.turns.followChat(harness.scope, chat, undefined, new AbortController().signal);
    expect((await events.next()).value).toMatchObject({ event: { type: 'chat-followed' } });
    await owner.turns.send(harness.scope, { chat, content: 'q' });
    expect((await events.next()).value).toMatchObject({ event: { type: 'message-accepted' } });
    await events.return(undefined);
  });

  test('a slow follower receives all new text at once', async () => {
    const { agent, owner } = startTwo(harness);
    const { chat } = await begin(harness, owner, 'q');
    const run = await agent.run('q');
    const { signal } = new AbortController();
    const events = owner.turns.followChat(harness.scope, chat, undefined, signal);
    for (const type of ['chat-followed', 'message-accepted', 'answer-started'])
      expect((await events.next()).value).toMatchObject({ event: { type } });
    for (let piece = 0; piece < 500; piece++) run.emit('x');
    run.finish();
    const first = [];
    for (let index = 0; index < 2; index++) first.push((await events.next()).value);
    expect(first).toMatchObject([
      { event: { type: 'answer-delta', text: 'x'.repeat(500) } },
      { event: { type: 'answer-ended' } },
    ]);
    await events.return(undefined);
  });
});
