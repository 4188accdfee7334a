import type { Id } from '@parley/contract';
import { expect, test } from 'vitest';
import { accessOf, deadLease, eventually, insertTurn, LEASE_MS, startHarness, turnsOf } from './harness.ts';
import { TestClock } from './test-clock.ts';

/* When chats were last used: written in the background, and by the recovery loop after a crash. */

const harness = await startHarness('chat_uses');

async function useOf(chat: Id<'chat'>) {
  const { updatedAt, isAnswering = false } = (await accessOf(harness, chat)).chat;
  return { updatedAt: updatedAt?.getTime() ?? 0, isAnswering };
}

async function endOf(chat: Id<'chat'>): Promise<number> {
  const [turn] = await turnsOf(harness, chat);
  return turn?.['endedAt'].getTime();
}

test('a chat was last used when its newest answer ended', async () => {
  const { turns } = harness.startReplica();
  const chat = await harness.newChat();
  await turns.send(harness.scope, { chat, content: 'a message' });
  await eventually(async () => (await useOf(chat)).updatedAt).toBeGreaterThanOrEqual(await endOf(chat));
  expect((await useOf(chat)).updatedAt).toBeLessThan((await endOf(chat)) + 1_000);
  expect(await useOf(chat)).toMatchObject({ isAnswering: false });
});

test('a chat is answering from the acceptance of a message to the end of its answer', async () => {
  const { turns, tap } = harness.startReplica();
  const chat = await harness.newChat();
  const end = tap.hold('turns.end');
  await turns.accept(harness.scope, { chat, content: 'a slow message' });
  await end.reached;
  await eventually(() => useOf(chat)).toMatchObject({ isAnswering: true });
  end.release();
  await eventually(() => useOf(chat)).toMatchObject({ isAnswering: false });
});

test('an acknowledged answer waits for no write of a use', async () => {
  const { turns, tap } = harness.startReplica();
  const uses = tap.hold('chats.noteUses');
  const chat = await harness.newChat();
  const { outcome } = await turns.send(harness.scope, { chat, content: 'a message' });
  expect(outcome.kind).toBe('answered');
  uses.release();
});

test('the recovery loop writes the use of a turn whose process died between its end and the write', async () => {
  const dying = harness.startReplica();
  const uses = dying.tap.hold('chats.noteUses');
  const chat = await harness.newChat();
  await dying.turns.send(harness.scope, { chat, content: 'a message' });
  await uses.reached;
  dying.kill();
  const endedAt = await endOf(chat);
  expect((await useOf(chat)).updatedAt).toBeLessThan(endedAt);
  const clock = new TestClock();
  harness.startReplica({ clock });
  clock.advance(60_000);
  await eventually(() => useOf(chat)).toEqual({ updatedAt: endedAt, isAnswering: false });
});

test('a turn is not counted before its use is written, so that a crash loses neither', async () => {
  const replica = harness.startReplica();
  replica.tap.disconnect('chats.noteUses', 'before', 3);
  const chat = await harness.newChat();
  await replica.turns.send(harness.scope, { chat, content: 'a message' });
  await eventually(async () => (await turnsOf(harness, chat))[0]?.['isUncounted']).toBeUndefined();
  const { calls } = replica.tap;
  const usesBefore = calls.slice(0, calls.indexOf('usage.count')).filter((call) => call === 'chats.noteUses');
  expect(usesBefore.length).toBeGreaterThan(3);
  expect((await useOf(chat)).updatedAt).toBeGreaterThanOrEqual(await endOf(chat));
});

test('a turn is made found by searches before it is counted, so that a crash loses neither', async () => {
  const replica = harness.startReplica();
  replica.tap.disconnect('search.add', 'before', 2);
  const chat = await harness.newChat();
  await replica.turns.send(harness.scope, { chat, content: 'a message' });
  await eventually(async () => (await turnsOf(harness, chat))[0]?.['isUncounted']).toBeUndefined();
  const { calls } = replica.tap;
  expect(calls.slice(0, calls.indexOf('usage.count')).filter((call) => call === 'search.add')).toHaveLength(
    3,
  );
});

test('a turn whose text cannot be made found is counted', async () => {
  const { turns, tap } = harness.startReplica();
  tap.intercept('search.add', () => Promise.reject(new Error('unsearchable')));
  const chat = await harness.newChat();
  await turns.send(harness.scope, { chat, content: 'a message' });
  await eventually(async () => (await turnsOf(harness, chat))[0]?.['isUncounted']).toBeUndefined();
});

test('a chat whose message was accepted by a process that died is answering once another process runs it', async () => {
  const chat = await harness.newChat();
  const turn = await insertTurn(harness, chat, 1, { lease: deadLease });
  expect(await useOf(chat)).toMatchObject({ isAnswering: false });
  const clock = new TestClock();
  const { tap } = harness.startReplica({ clock });
  const end = tap.hold('turns.end');
  await eventually(() => {
    // The clock must not pass the lease of the new run.
    if (!tap.calls.includes('turns.takeOver')) clock.advance(LEASE_MS / 5);
    return tap.calls.includes('turns.end');
  }).toBe(true);
  await end.reached;
  await eventually(() => {
    clock.advance(1_000);
    return useOf(chat);
  }).toMatchObject({ isAnswering: true });
  expect((await useOf(chat)).updatedAt).toBeGreaterThanOrEqual(turn.createdAt.getTime());
  end.release();
});

test('a process that stops writes the last uses first', async () => {
  const { turns } = harness.startReplica({ clock: new TestClock() });
  const chat = await harness.newChat();
  await turns.send(harness.scope, { chat, content: 'last' });
  expect((await useOf(chat)).updatedAt).toBeLessThan(await endOf(chat));
  await harness.stopReplicas();
  expect((await useOf(chat)).updatedAt).toBeGreaterThanOrEqual(await endOf(chat));
});
