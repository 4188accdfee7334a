import { echoOf } from '@parley/agent/testing';
import { ApiError } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { accessOf, eventually, LEASE_MS, startHarness, transcript, turnsOf } from './harness.ts';
import type { StoreCall, StoreTap } from './store-tap.ts';
import { TestClock } from './test-clock.ts';

/*
 * The database fails at each step of a turn, before and after the step takes effect. No message is lost or
 * duplicated.
 */

const harness = await startHarness('away_turns');

const answered = ['user: q', `assistant: ${echoOf('q')}`];

describe('an unreachable database before the insert', () => {
  test.each(['chats.find', 'turns.tail', 'turns.insert'] as const)(
    'an unreachable database at %s rejects the message and stores nothing',
    async (call) => {
      const { turns, tap } = harness.startReplica();
      const chat = await harness.newChat();
      tap.disconnect(call, 'before');
      const error = await turns
        .send(harness.scope, { chat, content: 'q' })
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'database_unavailable' });
      // Only the insert may have taken effect, so only its error contains the answer's id.
      expect((error as ApiError).facts.messageId !== undefined).toBe(call === 'turns.insert');
      expect(await turnsOf(harness, chat)).toEqual([]);
      expect(await turns.send(harness.scope, { chat, content: 'q' })).toMatchObject({
        outcome: { kind: 'answered' },
      });
      expect(await transcript(harness, chat)).toEqual(answered);
    },
  );
});

describe('an insert without acknowledgement', () => {
  test('a message whose insert is found in the database is answered normally', async () => {
    const { turns, tap } = harness.startReplica();
    const chat = await harness.newChat();
    tap.disconnect('turns.insert', 'after');
    expect(await turns.send(harness.scope, { chat, content: 'q' })).toMatchObject({
      outcome: { kind: 'answered' },
    });
    expect(await transcript(harness, chat)).toEqual(answered);
    expect(await turnsOf(harness, chat)).toMatchObject([{ takeovers: 0, lease: { attempt: 1 } }]);
  });

  test('a message whose insert cannot be checked is rejected with its answer’s id, and its answer follows', async () => {
    const clock = new TestClock();
    const { turns, tap } = harness.startReplica({ clock });
    const chat = await harness.newChat();
    tap.disconnect('turns.insert', 'after');
    tap.disconnect('turns.find', 'before');
    const error = await turns.send(harness.scope, { chat, content: 'q' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    const { code, facts } = error as ApiError;
    expect(code).toBe('database_unavailable');
    for (let passed = 0; passed < 2 * LEASE_MS; passed += 1_000) {
      clock.advance(1_000);
      await clock.rounds();
      await tap.quiet();
    }
    await eventually(() => transcript(harness, chat)).toEqual(answered);
    const { items } = await harness.db.stores.messages.list(await accessOf(harness, chat), {
      limit: 10,
      order: 'asc',
    });
    expect(items[1]?.id).toBe(facts.messageId);
    expect(items[1]?.id).toBeDefined();
  });

  test('a message whose predecessor cannot be marked waits for the recovery loop and runs once', async () => {
    const clock = new TestClock();
    const { turns, tap, log } = harness.startReplica({ clock });
    const chat = await harness.newChat();
    const gate = harness.model.hold();
    const first = turns.send(harness.scope, { chat, content: 'to be announced' });
    await harness.model.callTo('to be announced');
    tap.disconnect('turns.announceSuccessor', 'before');
    const second = turns.send(harness.scope, { chat, content: 'second' });
    await eventually(() => log.map(({ event }) => event)).toContain(
      'announcement failed; the recovery loop will find the turn',
    );
    gate.release();
    await first;
    await clock.rounds();
    await tap.quiet();
    expect(tap.calls).not.toContain('turns.claim');
    clock.advance(LEASE_MS / 2);
    expect(await second).toMatchObject({ outcome: { kind: 'answered' } });
    expect(await transcript(harness, chat)).toHaveLength(4);
  });
});

describe('an unreachable database during a run', () => {
  /** Sends a message while a call fails several times, as when the database is reachable again within a lease. */
  async function sendThrough(prepare: (tap: StoreTap) => void) {
    // With a lease of an hour the recovery loop cannot help.
    const { turns, tap, log } = harness.startReplica({ bounds: { leaseMs: 3_600_000 } });
    const chat = await harness.newChat();
    prepare(tap);
    const { outcome } = await turns.send(harness.scope, { chat, content: 'q' });
    return { chat, outcome, log, tap };
  }

  const steps: readonly (readonly [StoreCall, 'before' | 'after'])[] = [
    ['turns.readRunContext', 'before'],
    ['turns.readRunContext', 'after'],
    ['agents.find', 'before'],
    ['turns.end', 'before'],
    ['turns.end', 'after'],
  ];

  test.each(steps)('a %s that fails %s its effect is repeated and takes effect once', async (call, when) => {
    const calls = harness.model.calls().length;
    const { chat, outcome, tap } = await sendThrough((tap) => tap.disconnect(call, when, 2));
    expect(outcome).toMatchObject({ kind: 'answered', answer: { content: echoOf('q') } });
    expect(tap.calls.filter((name) => name === call)).toHaveLength(3);
    expect(await transcript(harness, chat)).toEqual(answered);
    const [turn] = await turnsOf(harness, chat);
    expect(turn).toMatchObject({ status: 'completed', takeovers: 0, lease: { attempt: 1 } });
    expect(turn?.['usage']).toHaveLength(1);
    expect(harness.model.calls()).toHaveLength(calls + 1);
  });

  test.each(['before', 'after'] as const)(
    'a removal from a deleted chat that fails %s its effect is repeated',
    async (when) => {
      const { chat, outcome } = await sendThrough((tap) => {
        tap.disconnect('turns.remove', when, 2);
        tap.intercept('turns.insert', async (proceed, [, turn]) => {
          const result = await proceed();
          await harness.db.stores.chats.markDeleted(harness.scope, (turn as { chat: 'chat_' }).chat);
          return result;
        });
      });
      expect(outcome).toEqual({ kind: 'deleted' });
      expect(await turnsOf(harness, chat)).toEqual([]);
    },
  );

  test('an end that fails for a whole lease is given up, and the next process answers', async () => {
    const clock = new TestClock();
    const { turns, tap } = harness.startReplica({ clock });
    await clock.rounds();
    const chat = await harness.newChat();
    tap.disconnect('turns.end', 'before', 1_000);
    tap.disconnect('turns.renew', 'before', 1_000);
    const sending = turns.send(harness.scope, { chat, content: 'q' });
    await eventually(() => tap.calls).toContain('turns.end');
    for (let passed = 0; passed < LEASE_MS + 1_000; passed += 500) {
      clock.advance(500);
      await clock.rounds();
      await tap.quiet();
    }
    const ends = tap.calls.filter((call) => call === 'turns.end').length;
    tap.pass('turns.end');
    tap.pass('turns.renew');
    expect(ends).toBeGreaterThan(5);
    for (let passed = 0; passed < 2 * LEASE_MS; passed += 500) {
      clock.advance(500);
      await clock.rounds();
      await tap.quiet();
    }
    expect(await sending).toMatchObject({ outcome: { kind: 'answered' } });
    expect(await turnsOf(harness, chat)).toMatchObject([{ takeovers: 1, lease: { attempt: 2 } }]);
    expect(await transcript(harness, chat)).toEqual(answered);
  });

  test('a successor that cannot be claimed is found by the recovery loop', async () => {
    const clock = new TestClock();
    const { turns, tap, log } = harness.startReplica({ clock });
    const chat = await harness.newChat();
    const gate = harness.model.hold();
    const first = turns.send(harness.scope, { chat, content: 'to be claimed' });
    await harness.model.callTo('to be claimed');
    const second = turns.send(harness.scope, { chat, content: 'second' });
    await eventually(() => tap.calls).toContain('turns.announceSuccessor');
    await tap.quiet();
    tap.disconnect('turns.claimNext', 'before');
    gate.release();
    expect(await first).toMatchObject({ outcome: { kind: 'answered' } });
    await eventually(() => log.map(({ event }) => event)).toContain(
      'claim failed; the recovery loop will find the turn',
    );
    await clock.rounds();
    clock.advance(LEASE_MS / 2);
    expect(await second).toMatchObject({ outcome: { kind: 'answered' } });
  });

  test('a claim without acknowledgement is taken over after a lease', async () => {
    const clock = new TestClock();
    const { turns, tap } = harness.startReplica({ clock });
    const chat = await harness.newChat();
    const gate = harness.model.hold();
    const first = turns.send(harness.scope, { chat, content: 'to be known' });
    await harness.model.callTo('to be known');
    const second = turns.send(harness.scope, { chat, content: 'second' });
    await eventually(() => tap.calls).toContain('turns.announceSuccessor');
    await tap.quiet();
    tap.disconnect('turns.claimNext', 'after');
    gate.release();
    await first;
    for (let passed = 0; passed < 2 * LEASE_MS; passed += 500) {
      clock.advance(500);
      await clock.rounds();
      await tap.quiet();
    }
    expect(await second).toMatchObject({ outcome: { kind: 'answered' } });
    expect(await transcript(harness, chat)).toHaveLength(4);
  });
});
