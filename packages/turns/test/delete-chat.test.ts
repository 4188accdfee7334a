import { scripts } from '@parley/agent/testing';
import { mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import { eventually, markerOf, startHarness, TICK_MS, turnsOf } from './harness.ts';
import { TestClock } from './test-clock.ts';

const harness = await startHarness('delete_chat');

test('deleting a chat during an answer ends the run, removes all its data and rejects the sender', async () => {
  const { turns } = harness.startReplica();
  const chat = await harness.newChat();
  await turns.send(harness.scope, { chat, content: 'earlier' });
  harness.model.reply(scripts.neverEnding('some text'));
  const running = turns.send(harness.scope, { chat, content: 'running' });
  const call = await harness.model.callTo('running');
  const queued = turns.send(harness.scope, { chat, content: 'queued' });
  await eventually(() => turnsOf(harness, chat)).toHaveLength(3);
  expect(await turns.deleteChat(harness.scope, chat)).toBe(true);
  expect((await running).outcome).toEqual({ kind: 'deleted' });
  expect((await queued).outcome).toEqual({ kind: 'deleted' });
  await call.aborted;
  expect(await turnsOf(harness, chat)).toEqual([]);
  expect(await harness.db.stores.chats.find(harness.scope, chat)).toBeUndefined();
  expect(await turns.deleteChat(harness.scope, chat)).toBe(false);
  await expect(turns.send(harness.scope, { chat, content: 'after' })).rejects.toMatchObject({
    code: 'chat_not_found',
  });
});

test('a missing chat, or a chat of another team, is not deleted', async () => {
  const { turns } = harness.startReplica();
  const chat = await harness.newChat();
  expect(await turns.deleteChat(harness.scope, mintId('chat'))).toBe(false);
  expect(await turns.deleteChat({ team: mintId('team') }, chat)).toBe(false);
  expect(await harness.db.stores.chats.find(harness.scope, chat)).toBeDefined();
});

test('deleting a chat in another process stops the run with its next tick and rejects the sender', async () => {
  const clock = new TestClock();
  const owner = harness.startReplica({ clock });
  const other = harness.startReplica();
  const chat = await harness.newChat();
  harness.model.reply(scripts.neverEnding('some text'));
  const sending = owner.turns.send(harness.scope, { chat, content: 'remote' });
  const call = await harness.model.callTo('remote');
  await other.turns.deleteChat(harness.scope, chat);
  await clock.someoneElse();
  clock.advance(TICK_MS);
  await call.aborted;
  expect((await sending).outcome).toEqual({ kind: 'deleted' });
  expect(await turnsOf(harness, chat)).toEqual([]);
});

test('deleting a chat while its answer is being stored removes the answer too', async () => {
  const { turns, tap } = harness.startReplica();
  const chat = await harness.newChat();
  const end = tap.hold('turns.end');
  const sending = turns.send(harness.scope, { chat, content: 'ending' });
  await end.reached;
  await turns.deleteChat(harness.scope, chat);
  end.release();
  expect((await sending).outcome).toEqual({ kind: 'deleted' });
  expect(await turnsOf(harness, chat)).toEqual([]);
});

test('a purge that fails leaves the chat deleted for everyone, and the recovery loop finishes it', async () => {
  const clock = new TestClock();
  const { turns, tap, log } = harness.startReplica({ clock });
  await clock.rounds();
  const chat = await harness.newChat();
  await turns.send(harness.scope, { chat, content: 'x' });
  tap.disconnect('chats.purge', 'before');
  expect(await turns.deleteChat(harness.scope, chat)).toBe(true);
  expect(await harness.db.stores.chats.find(harness.scope, chat)).toBeUndefined();
  expect(log.map(({ event }) => event)).toEqual(['purge failed; the recovery loop will finish it']);
  expect(await turnsOf(harness, chat)).toHaveLength(1);
  clock.advance(5_000);
  await clock.rounds();
  expect(await turnsOf(harness, chat)).toEqual([]);
});

test('a deletion with an unknown result is rejected, and the recovery loop and the runs follow its result', async () => {
  const clock = new TestClock();
  const { turns, tap } = harness.startReplica({ clock });
  const chat = await harness.newChat();
  harness.model.reply(scripts.neverEnding());
  const sending = turns.send(harness.scope, { chat, content: 'unknown' });
  await harness.model.callTo('unknown');
  tap.disconnect('chats.markDeleted', 'after');
  await expect(turns.deleteChat(harness.scope, chat)).rejects.toMatchObject({ code: 'database_unavailable' });
  await clock.someoneElse();
  clock.advance(5_000);
  await eventually(() => turnsOf(harness, chat)).toEqual([]);
  await clock.rounds();
  await tap.quiet();
  clock.advance(5_000);
  expect((await sending).outcome).toEqual({ kind: 'deleted' });
});

test('a repeated deletion returns only after the marker is stored, which rejects every later message', async () => {
  const [one, two] = [harness.startReplica(), harness.startReplica({ clock: new TestClock() })];
  const chat = await harness.newChat();
  await one.turns.send(harness.scope, { chat, content: 'x' });
  const marker = one.tap.hold('chats.insertMarker');
  const first = one.turns.deleteChat(harness.scope, chat);
  await marker.reached;
  expect(await two.turns.deleteChat(harness.scope, chat)).toBe(false);
  expect(await markerOf(harness, chat)).toMatchObject({ sequence: 2 });
  marker.release();
  expect(await first).toBe(true);
});
