import { getEventListeners } from 'node:events';
import { scripts } from '@parley/agent/testing';
import type { ApiError } from '@parley/contract';
import { describe, expect, test, vi } from 'vitest';
import { Followers } from '../src/read/followers.ts';
import { accessOf, eventually, LEASE_MS, startHarness, transcript, turnsOf } from './harness.ts';
import { LOOPS, TestClock } from './test-clock.ts';

const harness = await startHarness('waiting');

describe('waiting for an answer', () => {
  test('a sender finds its answer that runs in another process', async () => {
    // This process has no slot, so its messages run elsewhere.
    const here = harness.startReplica({ bounds: { runningTurnsMax: 0 } });
    const chat = await harness.newChat();
    const sending = here.turns.send(harness.scope, { chat, content: 'q' });
    await eventually(() => turnsOf(harness, chat)).toHaveLength(1);
    // The first pass of this process's recovery loop finds the turn.
    harness.startReplica();
    expect((await sending).outcome).toMatchObject({ kind: 'answered' });
    expect(await transcript(harness, chat)).toHaveLength(2);
  });

  test('a sender receives `answer_pending` with the answer’s id after the longest wait, and the answer continues', async () => {
    const clock = new TestClock();
    const { turns, tap } = harness.startReplica({ clock, bounds: { sendWaitMaxMs: LEASE_MS / 2 } });
    const chat = await harness.newChat();
    const gate = harness.model.hold();
    const sending = turns.send(harness.scope, { chat, content: 'slow' }).catch((reason: unknown) => reason);
    await harness.model.callTo('slow');
    await clock.someoneElse();
    clock.advance(LEASE_MS / 2);
    await tap.quiet();
    await clock.someoneElse();
    clock.advance(0);
    const apiError = await sending;
    expect(apiError).toMatchObject({
      code: 'answer_pending',
      facts: { messageId: expect.stringMatching(/^msg_/) },
    });
    gate.release();
    await eventually(() => transcript(harness, chat)).toHaveLength(2);
    const { items } = await harness.db.stores.messages.list(await accessOf(harness, chat), {
      limit: 5,
      order: 'asc',
    });
    expect(items[1]?.id).toBe((apiError as ApiError).facts.messageId);
  });

  test('a sender that disconnects ends only its wait and leaves no listener', async () => {
    const { turns } = harness.startReplica();
    const chat = await harness.newChat();
    const gate = harness.model.hold();
    const disconnect = new AbortController();
    const sending = turns.send(harness.scope, { chat, content: 'disconnected' }, disconnect.signal);
    await harness.model.callTo('disconnected');
    disconnect.abort();
    await expect(sending).rejects.toMatchObject({ code: 'answer_pending' });
    gate.release();
    await eventually(() => transcript(harness, chat)).toHaveLength(2);
    expect(getEventListeners(disconnect.signal, 'abort')).toEqual([]);
  });

  test('a sender that receives its answer leaves no listener on its signal and no timer', async () => {
    const attach = vi.spyOn(Followers.prototype, 'attachToEnd');
    const clock = new TestClock();
    const { turns } = harness.startReplica({ clock });
    await clock.rounds();
    const chat = await harness.newChat();
    const { signal } = new AbortController();
    for (let index = 0; index < 20; index++) await turns.send(harness.scope, { chat, content: 'q' }, signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await expect(turns.send(harness.scope, { chat: 'chat_none', content: 'q' }, signal)).rejects.toThrow();
    expect(clock.sleepers).toBe(LOOPS);
    const [followers] = attach.mock.contexts;
    attach.mockRestore();
    expect(followers).toMatchObject({ texts: { size: 0 }, outcomes: { size: 0 }, chats: { size: 0 } });
  });

  test('a sender continues to wait while the database is unreachable for less than a lease', async () => {
    const clock = new TestClock();
    const { turns, tap } = harness.startReplica({ clock, bounds: { runningTurnsMax: 0 } });
    const chat = await harness.newChat();
    const sending = turns.send(harness.scope, { chat, content: 'q' });
    await clock.someoneElse();
    tap.disconnect('turns.find', 'before', 1_000);
    for (let passed = 0; passed < LEASE_MS - 2_000; passed += 1_000) {
      clock.advance(1_000);
      await clock.someoneElse();
    }
    tap.pass('turns.find');
    harness.startReplica();
    await eventually(() => transcript(harness, chat)).toHaveLength(2);
    clock.advance(1_000);
    expect(await sending).toMatchObject({ outcome: { kind: 'answered' } });
  });

  test('a sender is rejected with the answer’s id when the database is unreachable for longer', async () => {
    const clock = new TestClock();
    const { turns, tap } = harness.startReplica({ clock, bounds: { runningTurnsMax: 0 } });
    const chat = await harness.newChat();
    const sending = turns.send(harness.scope, { chat, content: 'q' }).catch((reason: unknown) => reason);
    await clock.someoneElse();
    tap.disconnect('turns.find', 'before', 1_000);
    for (let passed = 0; passed < LEASE_MS + 2_000; passed += 1_000) {
      clock.advance(1_000);
      await tap.quiet();
    }
    const apiError = await sending;
    expect(apiError).toMatchObject({
      code: 'database_unavailable',
      facts: { messageId: expect.any(String) },
    });
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'queued' }]);
  });

  test('two short absences of the database do not add up', async () => {
    const clock = new TestClock();
    const { turns, tap } = harness.startReplica({ clock, bounds: { runningTurnsMax: 0 } });
    const chat = await harness.newChat();
    const sending = turns.send(harness.scope, { chat, content: 'q' });
    await clock.someoneElse();
    for (let round = 0; round < 4; round++) {
      tap.disconnect('turns.find', 'before', 4);
      for (let step = 0; step < 5; step++) {
        clock.advance(1_000);
        await clock.someoneElse();
        await tap.quiet();
      }
    }
    harness.startReplica();
    await eventually(() => transcript(harness, chat)).toHaveLength(2);
    clock.advance(1_000);
    expect(await sending).toMatchObject({ outcome: { kind: 'answered' } });
  });

  test('a sender of a turn that ended without text gets an empty outcome', async () => {
    const here = harness.startReplica({ bounds: { runningTurnsMax: 0 } });
    const chat = await harness.newChat();
    const sending = here.turns.send(harness.scope, { chat, content: 'q' });
    await eventually(() => turnsOf(harness, chat)).toHaveLength(1);
    const [turn] = await turnsOf(harness, chat);
    const id = turn?._id as never;
    await harness.db.stores.turns.claim(harness.scope, id, 't');
    await harness.db.stores.turns.end(harness.scope, id, 't', { status: 'stopped', textBytes: 1 });
    expect((await sending).outcome).toEqual({ kind: 'empty', attempt: 1 });
  });
});

test('a run that is aborted in every way leaves no unhandled promise', async () => {
  // There is no assertion, because vitest fails the run on an unhandled rejection.
  const { turns, tap } = harness.startReplica();
  const chat = await harness.newChat();
  tap.disconnect('turns.renew', 'before', 3);
  harness.model.reply(scripts.cutAfter('x'), scripts.neverEnding('y'));
  await turns.send(harness.scope, { chat, content: 'cut' });
  const sending = turns.send(harness.scope, { chat, content: 'endless' }).catch(() => undefined);
  await harness.model.nextCall();
  tap.intercept('turns.release', () => Promise.reject(new TypeError('a bug')));
  await turns.drain(0, AbortSignal.abort());
  await sending;
});
