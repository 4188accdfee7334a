import { describe, expect, test } from 'vitest';
import { AnswerReader } from './answer-reader.ts';
import { ChatFollower } from './chat-events.ts';
import { deadLease, eventually, insertTurn, LEASE_MS, startHarness, turnsOf } from './harness.ts';
import { SteppedAgent } from './stepped-agent.ts';
import { TestClock } from './test-clock.ts';
import { begin, eagerBounds, startTwo } from './two-replicas.ts';

/* A chat is deleted while its answer is read: no event follows, and no data stays. */

const harness = await startHarness('delete_read');

const logs = () => harness.db.raw.collection('turnLog').find({}).toArray();

describe('an answer whose chat is deleted', () => {
  test.each(['in the process that runs it', 'in another process'] as const)(
    'deleting a chat %s ends its answer for all readers and leaves no log',
    async (where) => {
      const { agent, owner, other } = startTwo(harness);
      const place = await begin(harness, owner, 'q');
      const readers = [owner, other].map((replica) => new AnswerReader(replica, harness.scope, place));
      const run = await agent.run('q');
      run.emit('before');
      for (const reader of readers) await eventually(() => reader.text).toBe('before');
      expect(await logs()).toHaveLength(1);
      expect(
        await (where === 'in another process' ? other : owner).turns.deleteChat(harness.scope, place.chat),
      ).toBe(true);
      if (where === 'in another process') await eventually(() => run.signal.aborted).toBe(true);
      run.emit(' and after');
      for (const reader of readers) {
        expect(await reader.done).toMatchObject({ code: 'chat_not_found' });
        expect(reader.text).toBe('before');
      }
      for (const { turns } of [owner, other]) {
        const late = new AnswerReader({ turns } as typeof owner, harness.scope, place);
        expect(await late.done).toMatchObject({ code: 'message_not_found' });
      }
      await owner.tap.quiet();
      await eventually(logs).toEqual([]);
      expect(await turnsOf(harness, place.chat)).toEqual([]);
    },
  );

  test('deleting a chat ends its answer at once for readers and followers in the same process', async () => {
    const agent = new SteppedAgent();
    const owner = harness.startReplica({ bounds: eagerBounds, runAgent: agent.runAgent });
    const clock = new TestClock();
    const other = harness.startReplica({ clock, bounds: { runningTurnsMax: 0 } });
    await clock.rounds();
    const place = await begin(harness, owner, 'q');
    await agent.run('q');
    const reader = new AnswerReader(other, harness.scope, place);
    const follower = new ChatFollower(other, harness.scope, place.chat);
    await eventually(() => [...reader.types, ...follower.received]).toEqual([
      'start',
      'followed',
      'accepted q',
      'start',
    ]);
    // The clock does not move, so only the deletion can wake the readers.
    await other.turns.deleteChat(harness.scope, place.chat);
    expect(await reader.done).toMatchObject({ code: 'chat_not_found' });
    expect(await follower.done).toBeUndefined();
    expect(follower.received.at(-1)).toBe('deleted');
  });

  test('a reader in another process learns of the deletion during its query, and receives nothing of the result', async () => {
    const { agent, owner, other } = startTwo(harness);
    const place = await begin(harness, owner, 'q');
    const reader = new AnswerReader(other, harness.scope, place);
    await eventually(() => reader.types).toEqual(['start']);
    const reading = other.tap.hold('turnLog.read', 'after');
    (await agent.run('q')).emit('secret');
    await eventually(logs).toHaveLength(1);
    await reading.reached;
    await other.turns.deleteChat(harness.scope, place.chat);
    reading.release();
    expect(await reader.done).toMatchObject({ code: 'chat_not_found' });
    expect(reader.types).toEqual(['start']);
  });

  test('a log entry that is written during the deletion is removed', async () => {
    const { agent, owner } = startTwo(harness);
    const place = await begin(harness, owner, 'q');
    const run = await agent.run('q');
    const append = owner.tap.hold('turnLog.append');
    run.emit('late');
    await append.reached;
    await owner.turns.deleteChat(harness.scope, place.chat);
    expect(run.signal.aborted).toBe(true);
    append.release();
    await eventually(() => owner.tap.calls).toContain('turnLog.remove');
    await owner.tap.quiet();
    expect(await logs()).toEqual([]);
  });

  test('an answer in a deleted chat is not returned to readers, cancels or retries before the purge', async () => {
    const { agent, owner, other } = startTwo(harness);
    agent.echo();
    const chat = await harness.newChat();
    const idempotency = { key: 'key of a deleted chat', body: 'body' };
    const sent = await owner.turns.send(harness.scope, { chat, content: 'q', idempotency });
    const place = { chat, answerId: sent.accepted.answerId };
    owner.tap.disconnect('chats.purge', 'before');
    expect(await owner.turns.deleteChat(harness.scope, chat)).toBe(true);
    expect(await turnsOf(harness, chat)).toHaveLength(1);
    const notFound = { code: expect.stringMatching(/^(chat|message)_not_found$/) };
    for (const replica of [owner, other]) {
      const { turns } = replica;
      expect(await new AnswerReader(replica, harness.scope, place).done).toMatchObject(notFound);
      await expect(turns.find(harness.scope, place)).rejects.toMatchObject(notFound);
      await expect(turns.cancel(harness.scope, place)).rejects.toMatchObject(notFound);
      await expect(turns.retry(harness.scope, { ...place, idempotency })).rejects.toMatchObject(notFound);
      const kept = await turns.findByIdempotencyKey(harness.scope, chat, idempotency).catch(() => undefined);
      expect(kept).toBeUndefined();
    }
  });
});

test('a repeated request to a deleted chat that is not purged yet is rejected by every process', async () => {
  const { agent, owner, other } = startTwo(harness);
  agent.echo();
  const chat = await harness.newChat();
  const message = { chat, content: 'q', idempotency: { key: 'key of a marked chat', body: 'body' } };
  await owner.turns.send(harness.scope, message);
  owner.tap.disconnect('chats.purge', 'before', 1_000);
  await owner.turns.deleteChat(harness.scope, chat);
  let tries = 0;
  owner.tap.intercept('turns.insert', async (proceed) => {
    if (++tries > 10) throw new Error('it tries for ever');
    return proceed();
  });
  // One process remembers the tail of the chat, and the other reads it from the database.
  for (const { turns } of [owner, other]) {
    const repeat = turns.send(harness.scope, message);
    await expect(repeat).rejects.toMatchObject({ code: 'chat_not_found' });
  }
});

describe('the log of dead runs', () => {
  const STEP_MS = LEASE_MS / 20;

  /** A turn with the log of a dead run, in a chat that is marked deleted and not purged yet. */
  async function newLeftover(fields: object) {
    const chat = await harness.newChat();
    const turn = await insertTurn(harness, chat, 1, fields);
    const { team } = harness.scope;
    await harness.db.stores.turnLog.append([{ turn: turn.id, team, attempt: 1, to: 6, text: 'secret' }]);
    await harness.db.stores.chats.markDeleted(harness.scope, chat);
    return { chat, turn };
  }

  test('the log is removed with the turn when the process that takes it over finds no chat', async () => {
    const { chat, turn } = await newLeftover({ lease: deadLease });
    const clock = new TestClock();
    const { tap } = harness.startReplica({ clock });
    // The purge fails, so the process that claims the turn finds it in the deleted chat.
    tap.disconnect('chats.purge', 'before', 1_000);
    while ((await turnsOf(harness, chat)).length > 0) {
      clock.advance(STEP_MS);
      await clock.rounds();
      await tap.quiet();
    }
    tap.pass('chats.purge');
    clock.advance(LEASE_MS);
    await clock.rounds();
    await tap.quiet();
    expect((await logs()).filter(({ _id }) => String(_id).startsWith(turn.id))).toEqual([]);
  });

  test('the log is removed with a handed-over turn that is claimed without a chat', async () => {
    const { chat, turn } = await newLeftover({});
    await harness.db.raw
      .collection('turns')
      .updateOne({ chat }, { $set: { lease: { token: 'released', attempt: 1, renewals: 0 } } });
    const clock = new TestClock();
    const { tap } = harness.startReplica({ clock });
    tap.disconnect('chats.purge', 'before', 1_000);
    await eventually(() => turnsOf(harness, chat)).toEqual([]);
    tap.pass('chats.purge');
    await clock.rounds();
    clock.advance(LEASE_MS);
    await clock.rounds();
    await tap.quiet();
    expect((await logs()).filter(({ _id }) => String(_id).startsWith(turn.id))).toEqual([]);
  });

  test('the log is removed when the chat is purged', async () => {
    const { turn, chat } = await newLeftover({ lease: deadLease });
    harness.startReplica();
    await eventually(() => turnsOf(harness, chat)).toEqual([]);
    await eventually(async () => (await logs()).filter(({ _id }) => String(_id).startsWith(turn.id))).toEqual(
      [],
    );
  });
});
