import { mintId } from '@parley/contract';
import { inScope } from '@parley/db/testing';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { KnownTails } from '../src/known-tails.ts';
import { type Harness, startHarness, transcript, turnsOf } from './harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness('tails');
});
afterEach(() => harness.stopReplicas());
afterAll(() => harness.stop());

const send = (replica: ReturnType<Harness['startReplica']>, chat: `chat_${string}`, content: string) =>
  replica.turns.send(harness.scope, { chat, content });

test('the next message of a chat whose turn ended here is inserted without a read before it', async () => {
  const replica = harness.startReplica();
  const chat = await harness.newChat();
  await send(replica, chat, 'first');
  const before = replica.tap.calls.length;
  await send(replica, chat, 'second');
  const calls = replica.tap.calls.slice(before).filter((call) => call !== 'turns.listUnfinished');
  expect(calls[0]).toBe('turns.insert');
  expect(calls).not.toContain('turns.tail');
  expect(calls).not.toContain('chats.find');
});

test('a guess that another replica made wrong costs a failed insert: the order stays dense', async () => {
  const [one, two] = [harness.startReplica(), harness.startReplica()];
  const chat = await harness.newChat();
  await send(one, chat, 'first');
  await send(two, chat, 'second');
  expect(await send(one, chat, 'third')).toMatchObject({ outcome: { kind: 'answered' } });
  expect((await turnsOf(harness, chat)).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  expect((await transcript(harness, chat)).filter((line) => line.startsWith('user'))).toEqual([
    'user: first',
    'user: second',
    'user: third',
  ]);
});

test('of parallel messages one uses the guess, and each gets its place', async () => {
  const replica = harness.startReplica();
  const chat = await harness.newChat();
  await send(replica, chat, 'first');
  const outcomes = await Promise.all(['a', 'b', 'c'].map((content) => send(replica, chat, content)));
  expect(outcomes.map(({ outcome }) => outcome.kind)).toEqual(['answered', 'answered', 'answered']);
  expect((await turnsOf(harness, chat)).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
});

test('a message to a chat that was deleted elsewhere meets its marker: it is rejected, and never stored', async () => {
  const [one, two] = [harness.startReplica(), harness.startReplica()];
  const chat = await harness.newChat();
  await send(one, chat, 'first');
  await two.turns.deleteChat(harness.scope, chat);
  const calls = harness.model.calls().length;
  const { length } = one.tap.calls;
  await expect(send(one, chat, 'second')).rejects.toMatchObject({ code: 'chat_not_found' });
  expect(one.tap.calls.slice(length)).toContain('turns.insert');
  expect(one.tap.calls.slice(length)).not.toContain('turns.remove');
  expect(await turnsOf(harness, chat)).toEqual([]);
  expect(harness.model.calls()).toHaveLength(calls);
});

test('a tail is forgotten ten minutes after it was remembered', () => {
  let now = 0;
  const tails = new KnownTails({ now: () => now });
  const chat = inScope(harness.scope, mintId('chat'));
  const end = { sequence: 3, textBytes: 5 };
  tails.remember(chat, end);
  now = 10 * 60_000 - 1;
  expect(tails.take(chat)).toMatchObject({ sequence: 3, ended: true });
  tails.remember(chat, end);
  now += 10 * 60_000;
  expect(tails.accessFor(harness.scope, chat.chat.id)).toBeUndefined();
  expect(tails.take(chat)).toBeUndefined();
});

test('a remembered chat is given to a scope of the whole team alone', () => {
  const tails = new KnownTails({ now: () => 0 });
  const access = inScope(harness.scope, mintId('chat'));
  const { id } = access.chat;
  tails.remember(access, { sequence: 3, textBytes: 5 });
  expect(tails.accessFor(harness.scope, id)).toBe(access);
  expect(tails.accessFor({ ...harness.scope, user: 'ann' }, id)).toBeUndefined();
  expect(tails.accessFor({ ...harness.scope, agents: [access.chat.agent] }, id)).toBeUndefined();
  expect(tails.accessFor({ team: mintId('team') }, id)).toBeUndefined();
});
