import { scripts } from '@parley/agent/testing';
import { type Id, mintId } from '@parley/contract';
import { inScope } from '@parley/db/testing';
import { describe, expect, test } from 'vitest';
import { KnownTails } from '../src/run/known-tails.ts';
import { eventually, type Replica, startHarness, transcript, turnsOf } from './harness.ts';

const harness = await startHarness('tails');

const send = (replica: Replica, chat: Id<'chat'>, content: string) =>
  replica.turns.send(harness.scope, { chat, content });

/** A remembered chat would be used for the insert of the next message. */
async function expectForgotten(replica: Replica, chat: Id<'chat'>): Promise<void> {
  const { length } = replica.tap.calls;
  await expect(send(replica, chat, 'next')).rejects.toMatchObject({ code: 'chat_not_found' });
  expect(replica.tap.calls.slice(length)).toEqual(['chats.find']);
}

test('the next message of a chat whose turn ended here is inserted without a read before it', async () => {
  const replica = harness.startReplica();
  const chat = await harness.newChat();
  await send(replica, chat, 'first');
  const before = replica.tap.calls.length;
  await send(replica, chat, 'second');
  const calls = replica.tap.calls.slice(before).filter((call) => call !== 'turns.listUnfinished');
  expect(calls[0]).toBe('turns.insert');
  expect(calls).not.toContain('turns.tail');
});

test('a tail that another process made stale costs one failed insert, and the sequence stays dense', async () => {
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

test('one of parallel messages uses the remembered tail, and each gets its place', async () => {
  const replica = harness.startReplica();
  const chat = await harness.newChat();
  await send(replica, chat, 'first');
  const outcomes = await Promise.all(['a', 'b', 'c'].map((content) => send(replica, chat, content)));
  expect(outcomes.map(({ outcome }) => outcome.kind)).toEqual(['answered', 'answered', 'answered']);
  expect((await turnsOf(harness, chat)).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
});

test('a message to a chat that was deleted elsewhere meets the marker, is rejected and never stored', async () => {
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

test.each<[string, (replica: Replica, chat: Id<'chat'>) => Promise<unknown>]>([
  ['a request', ({ turns }, chat) => turns.deleteChat(harness.scope, chat)],
  ['retention', ({ turns }, chat) => turns.deleteIdleChat(harness.scope, chat, 1)],
  [
    'the erasure of its user',
    async ({ turns }, chat) => {
      await harness.db.stores.chats.markDeleted(harness.scope, chat);
      await turns.dropChat(chat);
    },
  ],
])(
  'a process forgets a chat that %s deletes, and rejects the next message before an insert',
  async (_, remove) => {
    const replica = harness.startReplica();
    const chat = await harness.newChat();
    await send(replica, chat, 'first');
    await remove(replica, chat);
    await expectForgotten(replica, chat);
  },
);

describe('a chat that is deleted while the end of its turn is in flight', () => {
  /** `begin` begins a request whose turn ends. */
  async function deleteDuringEnd(
    begin: (replica: Replica, chat: Id<'chat'>) => Promise<() => Promise<unknown>>,
  ) {
    const replica = harness.startReplica();
    const chat = await harness.newChat();
    const end = replica.tap.hold('turns.end', 'after');
    const settled = await begin(replica, chat);
    await end.reached;
    await replica.turns.deleteChat(harness.scope, chat);
    end.release();
    await eventually(() => replica.turns.running).toBe(0);
    await settled();
    await expectForgotten(replica, chat);
  }

  test('a chat is not remembered if it was deleted between an answer and its acknowledgement', () =>
    deleteDuringEnd(async (replica, chat) => {
      const sending = send(replica, chat, 'first');
      return () => sending;
    }));

  test('a chat is not remembered if it was deleted after its answer was stopped', () =>
    deleteDuringEnd(async (replica, chat) => {
      harness.model.reply(scripts.neverEnding('piece'));
      const { answerId } = await replica.turns.accept(harness.scope, { chat, content: 'first' });
      await (await harness.model.callTo('first')).flushed();
      const cancelling = replica.turns.cancel(harness.scope, { chat, answerId }).catch(() => 'deleted');
      return () => cancelling;
    }));
});

test('a message to a purged chat is not answered from a remembered history', async () => {
  const replica = harness.startReplica();
  const chat = await harness.newChat();
  await send(replica, chat, 'first');
  // Another process deleted and purged the chat with its marker, so the sequence number after the remembered turn is
  // free.
  await harness.db.raw.collection('chats').deleteOne({ _id: chat as never });
  await harness.db.raw.collection('turns').deleteMany({ chat });
  const calls = harness.model.calls().length;
  expect(await send(replica, chat, 'second')).toMatchObject({ outcome: { kind: 'deleted' } });
  expect(harness.model.calls()).toHaveLength(calls);
  expect(await turnsOf(harness, chat)).toEqual([]);
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

test('a remembered chat is used only for a scope of the whole team', () => {
  const tails = new KnownTails({ now: () => 0 });
  const access = inScope(harness.scope, mintId('chat'));
  const { id } = access.chat;
  tails.remember(access, { sequence: 3, textBytes: 5 });
  expect(tails.accessFor(harness.scope, id)).toBe(access);
  expect(tails.accessFor({ ...harness.scope, user: 'ann' }, id)).toBeUndefined();
  expect(tails.accessFor({ ...harness.scope, agents: [access.chat.agent] }, id)).toBeUndefined();
  expect(tails.accessFor({ team: mintId('team') }, id)).toBeUndefined();
});

test('the next message of a chat whose turn ended here reads only the chat, and the model gets the history', async () => {
  const replica = harness.startReplica();
  const chat = await harness.newChat();
  await send(replica, chat, 'first');
  await send(replica, chat, 'second');
  const { length } = replica.tap.calls;
  await send(replica, chat, 'third');
  const calls = replica.tap.calls.slice(length);
  expect(calls).toContain('chats.find');
  expect(calls).not.toContain('turns.readRunContext');
  const shown = harness.model.calls().at(-1)?.body.messages ?? [];
  expect(shown.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual([
    'first',
    'second',
    'third',
  ]);
});

test('a history is read again after another process has added to it', async () => {
  const [one, two] = [harness.startReplica(), harness.startReplica()];
  const chat = await harness.newChat();
  await send(one, chat, 'first');
  await send(two, chat, 'second');
  const { length } = one.tap.calls;
  await send(one, chat, 'third');
  expect(one.tap.calls.slice(length)).toContain('turns.readRunContext');
  const shown = harness.model.calls().at(-1)?.body.messages ?? [];
  expect(shown.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual([
    'first',
    'second',
    'third',
  ]);
});

const message = (length: number) => ({ role: 'user', content: 'x'.repeat(length) }) as const;

test('a history is forgotten a minute after it was remembered and frees its memory', () => {
  let now = 0;
  const tails = new KnownTails({ now: () => now });
  const access = inScope(harness.scope, mintId('chat'));
  const end = { sequence: 3, textBytes: 5, history: [message(1)] };
  tails.remember(access, end);
  now = 60_000 - 1;
  tails.dropOldHistories();
  expect(tails.take(access)?.history).toEqual(end.history);
  tails.remember(access, end);
  now += 60_000;
  expect(tails.take(access)).toMatchObject({ sequence: 3, history: undefined });
  tails.remember(access, end);
  now += 60_000;
  tails.dropOldHistories();
  now -= 60_000;
  expect(tails.take(access)).toMatchObject({ sequence: 3, history: undefined });
});

test('the oldest histories are forgotten first when memory is full, and their tails stay', () => {
  const tails = new KnownTails({ now: () => 0 });
  const chats = Array.from({ length: 20 }, () => inScope(harness.scope, mintId('chat')));
  const history = [message(1024 * 1024)];
  for (const chat of chats) tails.remember(chat, { sequence: 1, textBytes: 1, history });
  const taken = chats.map((chat) => tails.take(chat));
  expect(taken.map((tail) => tail?.sequence)).toEqual(chats.map(() => 1));
  expect(taken.map((tail) => tail?.history !== undefined)).toEqual(chats.map((_, index) => index >= 4));
  // A taken tail no longer counts towards the memory limit.
  for (const chat of chats.slice(0, 16)) tails.remember(chat, { sequence: 2, textBytes: 1, history });
  expect(chats.slice(0, 16).every((chat) => tails.take(chat)?.history !== undefined)).toBe(true);
});

test('a deleted chat is removed from memory', () => {
  const tails = new KnownTails({ now: () => 0 });
  const access = inScope(harness.scope, mintId('chat'));
  tails.remember(access, { sequence: 1, textBytes: 1, history: [message(1)] });
  tails.forget(access.chat.id);
  expect(tails.take(access)).toBeUndefined();
});
