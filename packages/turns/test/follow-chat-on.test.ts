import { type ChatCursor, formatChatCursor, type Id, parseChatCursor } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { ChatFollower, fold } from './chat-events.ts';
import { eventually, insertTurn, startHarness } from './harness.ts';
import { begin, startTwo } from './two-replicas.ts';

/* A follower of a chat continues after its last event, in any process. */

const harness = await startHarness('follow_on');

describe('a follower with a cursor', () => {
  /** A chat with three answers, the second to a message that waited, and all its events. */
  async function notifyAll() {
    const { agent, owner, other } = startTwo(harness);
    const chat = await harness.newChat();
    const follower = new ChatFollower(owner, harness.scope, chat);
    await begin(harness, owner, 'first', chat);
    const first = await agent.run('first');
    for (const piece of ['a\u{1F600}', 'b']) {
      first.emit(piece);
      await eventually(() => [...follower.texts.values()].at(-1)?.endsWith(piece)).toBe(true);
    }
    await begin(harness, owner, 'second', chat);
    await eventually(() => follower.received).toContain('accepted second');
    first.finish();
    agent.echo();
    await begin(harness, owner, 'third', chat);
    await eventually(() => follower.received.filter((event) => event === 'end')).toHaveLength(3);
    await follower.stop();
    return { owner, other, chat, follower };
  }

  test('a follower continues after any event in any process, with all later events and nothing twice', async () => {
    const { owner, other, chat, follower } = await notifyAll();
    const { events } = follower;
    for (let cut = 1; cut <= events.length; cut++) {
      const from = parseChatCursor(formatChatCursor(events[cut - 1]?.cursor as ChatCursor));
      const texts = new Map<Id<'message'>, string>();
      for (const { event } of events.slice(0, cut)) fold(texts, event);
      const rest = new ChatFollower(cut % 2 ? owner : other, harness.scope, chat, { from });
      const missing = (type: string) =>
        follower.received.slice(cut).filter((event) => event.startsWith(type));
      await eventually(() => rest.received.filter((event) => event === 'end')).toHaveLength(
        missing('end').length,
      );
      for (const { event } of rest.events) fold(texts, event);
      expect(texts).toEqual(follower.texts);
      expect(rest.received.filter((event) => event.startsWith('accepted'))).toEqual(missing('accepted'));
      expect(rest.received.filter((event) => event === 'start')).toEqual(missing('start'));
      expect(rest.received).not.toContain('snapshot');
      await rest.stop();
    }
  });

  test('a follower with the newest cursor receives nothing until something happens', async () => {
    const { owner, other, chat, follower } = await notifyAll();
    const rest = [owner, other].map(
      (replica) => new ChatFollower(replica, harness.scope, chat, { from: follower.cursor }),
    );
    await begin(harness, owner, 'fourth', chat);
    for (const each of rest) {
      await eventually(() => each.received.at(-1)).toBe('end');
      expect(each.received.slice(0, 2)).toEqual(['accepted fourth', 'start']);
    }
  });

  test.each([
    ['that no server issued', null],
    ['of messages that do not exist', { accepted: 90, sequence: 90, answer: undefined, revision: 0 }],
  ] as const)(
    'a follower with a cursor %s gets a snapshot of the list, and receives the running answer',
    async (_name, from) => {
      const { owner, other, chat } = await notifyAll();
      for (const replica of [owner, other]) {
        const follower = new ChatFollower(replica, harness.scope, chat, { from });
        await eventually(() => follower.received).toEqual(['snapshot']);
        await follower.stop();
      }
      const follower = new ChatFollower(other, harness.scope, chat, { from });
      await eventually(() => follower.received).toEqual(['snapshot']);
      await begin(harness, owner, 'fourth', chat);
      await eventually(() => follower.received.at(-1)).toBe('end');
      expect(follower.received.slice(0, 3)).toEqual(['snapshot', 'accepted fourth', 'start']);
    },
  );

  test('a follower that is too far behind gets one snapshot and continues from there', async () => {
    const { owner, other } = startTwo(harness);
    const chat = await harness.newChat();
    for (let sequence = 1; sequence <= 60; sequence++) {
      const lease = { token: `t${sequence}`, attempt: 1, renewals: 0 };
      const turn = await insertTurn(harness, chat, sequence, { lease });
      const end = { status: 'stopped', textBytes: 0 } as const;
      await harness.db.stores.turns.end(harness.scope, turn.id, lease.token, end);
    }
    const receivedAfter = async (sequence: number) => {
      const from = { accepted: sequence, sequence: sequence + 1, answer: undefined, revision: 0 };
      const follower = new ChatFollower(sequence % 2 ? owner : other, harness.scope, chat, {
        from,
        limit: 100,
      });
      await eventually(() => follower.received.length).toBeGreaterThan(0);
      await eventually(() => follower.cursor?.accepted).toBe(60);
      await follower.stop();
      return follower.received;
    };
    expect(await receivedAfter(0)).toEqual(['snapshot']);
    expect(await receivedAfter(9)).toEqual(['snapshot']);
    const all = await receivedAfter(12);
    expect(all.filter((each) => each.startsWith('accepted'))).toHaveLength(48);
    expect(all).not.toContain('snapshot');
  });
});
