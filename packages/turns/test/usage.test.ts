import { scripts } from '@parley/agent/testing';
import { ApiError, type Id, mintId } from '@parley/contract';
import type { UsageGroup } from '@parley/db';
import { expect, test } from 'vitest';
import { eventually, insertTurn, startHarness, turnsOf } from './harness.ts';
import { StoreTap } from './store-tap.ts';
import { TestClock } from './test-clock.ts';

/* Usage is counted exactly once, whichever process dies or counts at the same time. */

const harness = await startHarness('usage');

const today = () => new Date().toISOString().slice(0, 10);
const always = { from: '2000-01-01', to: '2999-12-31' };

/** The usage of one key. Each test has its own key, so that tests do not affect each other. */
async function sumOf(key: Id<'key'>) {
  const { items } = await harness.db.stores.usage.list(
    harness.scope,
    { ...always, groupBy: 'key' },
    { limit: 1_000 },
  );
  return items.find(({ name }) => name === key);
}

async function uncounted(): Promise<number> {
  return (await harness.db.stores.usage.listUncounted(1_000)).length;
}

test('a turn is counted soon after its end, for its day, agent, user, key and model', async () => {
  const { turns } = harness.startReplica();
  const { stores } = harness.db;
  const agent = await stores.agents.create(harness.scope, { name: 'Eve', type: 't', model: 'named' });
  const user = mintId('request');
  const chat = await stores.chats.create(harness.scope, { agent: agent.id, agentType: 't', user });
  const key = mintId('key');
  await turns.send(harness.scope, { chat: chat.id, content: 'hello', requestedBy: { spender: { key } } });
  await eventually(() => sumOf(key)).toMatchObject({ turns: 1, calls: 1, inputTokens: 1 });
  const [stored] = await turnsOf(harness, chat.id);
  expect(stored?.['account']).toEqual({ agent: agent.id, user, day: today() });
  const named: [UsageGroup, string][] = [
    ['agent', agent.id],
    ['user', user],
  ];
  for (const [groupBy, name] of named) {
    const { items } = await stores.usage.list(harness.scope, { ...always, groupBy }, { limit: 1_000 });
    expect(items.find((item) => item.name === name)).toMatchObject({ turns: 1, calls: 1 });
  }
});

test('ended turns of a dead process are counted once by another process', async () => {
  const key = mintId('key');
  const dying = harness.startReplica();
  // The process dies before it counts, so none of its counts reaches the database.
  dying.tap.hold('usage.count');
  for (let index = 0; index < 3; index++) {
    await dying.turns.send(harness.scope, {
      chat: await harness.newChat(),
      content: `left ${index}`,
      requestedBy: { spender: { key } },
    });
  }
  dying.kill();
  expect(await sumOf(key)).toBeUndefined();
  const clocks = [new TestClock(), new TestClock()] as const;
  for (const clock of clocks) harness.startReplica({ clock });
  await Promise.all(clocks.map((clock) => clock.rounds()));
  for (const clock of clocks) clock.advance(30_000);
  await eventually(uncounted).toBe(0);
  expect(await sumOf(key)).toMatchObject({ turns: 3, calls: 3, inputTokens: 3, outputTokens: 3 });
});

test('a turn that cannot be counted does not stop the count of the others', async () => {
  const [key, badKey] = [mintId('key'), mintId('key')];
  const clock = new TestClock();
  const tap = new StoreTap(harness.db.stores);
  let bad: string | undefined;
  tap.intercept('usage.count', (proceed, [turns]) =>
    (turns as string[]).includes(bad ?? '') ? Promise.reject(new Error('it always fails')) : proceed(),
  );
  const replica = harness.startReplica({ clock, tap });
  await clock.rounds();
  const send = async (spender: Id<'key'>) =>
    (
      await replica.turns.send(harness.scope, {
        chat: await harness.newChat(),
        content: 'x',
        requestedBy: { spender: { key: spender } },
      })
    ).accepted.turn;
  bad = await send(badKey);
  for (let index = 0; index < 3; index++) await send(key);
  clock.advance(1_000);
  await eventually(() => sumOf(key)).toMatchObject({ turns: 3 });
  expect(replica.log).toContainEqual(
    expect.objectContaining({ level: 'error', fields: expect.objectContaining({ turn: bad }) }),
  );
  await clock.rounds();
  bad = undefined;
  clock.advance(30_000);
  await eventually(() => sumOf(badKey)).toMatchObject({ turns: 1 });
});

test('a count whose acknowledgement was lost is not counted again', async () => {
  const key = mintId('key');
  const replica = harness.startReplica();
  replica.tap.disconnect('usage.count', 'after', 2);
  await replica.turns.send(harness.scope, {
    chat: await harness.newChat(),
    content: 'unacknowledgedWrites',
    requestedBy: { spender: { key } },
  });
  await eventually(() => replica.tap.calls.filter((call) => call === 'usage.count').length).toBeGreaterThan(
    2,
  );
  await replica.tap.quiet();
  expect(await sumOf(key)).toMatchObject({ turns: 1, calls: 1 });
});

test('the last ended turns are counted before the process ends', async () => {
  const key = mintId('key');
  const replica = harness.startReplica({ clock: new TestClock() });
  await replica.turns.send(harness.scope, {
    chat: await harness.newChat(),
    content: 'last',
    requestedBy: { spender: { key } },
  });
  expect(await sumOf(key)).toBeUndefined();
  await harness.stopReplicas();
  expect(await sumOf(key)).toMatchObject({ turns: 1 });
});

test('two processes that count any turns in any order sum them up exactly', async () => {
  const { stores } = harness.db;
  const random = seeded(17);
  for (let round = 0; round < 5; round++) {
    const key = mintId('key');
    const count = 1 + Math.floor(random() * 30);
    const chat = await harness.newChat();
    const ids: Id<'turn'>[] = [];
    let tokens = 0;
    for (let sequence = 1; sequence <= count; sequence++) {
      const lease = { token: 't', attempt: 1, renewals: 0 };
      const turn = await insertTurn(harness, chat, sequence, { lease, spender: { key } });
      const inputTokens = Math.floor(random() * 100);
      tokens += inputTokens;
      await stores.turns.end(harness.scope, turn.id, 't', {
        status: 'failed',
        errorCode: 'model_failed',
        textBytes: 0,
        account: { agent: mintId('agent'), day: `2026-11-${10 + Math.floor(random() * 3)}` },
        usage: [{ attempt: 1, model: `m${Math.floor(random() * 2)}`, calls: 2, inputTokens }],
      });
      ids.push(turn.id);
    }
    const someOf = () => ids.filter(() => random() < 0.6);
    const counters = Array.from({ length: 2 }, async () => {
      for (const page of [someOf(), someOf(), ids]) await stores.usage.count(page);
    });
    await Promise.all(counters);
    expect(await sumOf(key)).toMatchObject({ turns: count, calls: 2 * count, inputTokens: tokens });
  }
});

/** Sends a message and waits until a part of its answer was shown. */
async function begin(key: Id<'key'>) {
  const { turns } = harness.startReplica();
  const chat = await harness.newChat();
  const content = `never finished ${mintId('request')}`;
  harness.model.replyTo(content, scripts.neverEnding('so far so good'));
  const { turn, answerId } = await turns.accept(harness.scope, {
    chat,
    content,
    requestedBy: { spender: { key } },
  });
  const { events } = await turns.read(harness.scope, { chat, answerId, from: undefined }, NEVER);
  for await (const { event } of events) if (event.type === 'text-delta') break;
  return { turns, chat, turn, answerId };
}

const NEVER = new AbortController().signal;

test('a stopped answer is counted with an estimate of its usage', async () => {
  const key = mintId('key');
  const { turns, chat, answerId } = await begin(key);
  await turns.cancel(harness.scope, { chat, answerId });
  await eventually(() => sumOf(key)).toMatchObject({ turns: 1, calls: 1 });
  const [stored] = await turnsOf(harness, chat);
  expect(stored?.['usage']).toMatchObject([{ isEstimated: true, calls: 1 }]);
  expect(stored?.['usage'][0].inputTokens).toBeGreaterThan(4);
  expect(stored?.['usage'][0].outputTokens).toBeGreaterThan(4);
});

test('the usage of an answer in a deleted chat is counted, whether it ran or had ended', async () => {
  const key = mintId('key');
  const { turns, chat } = await begin(key);
  await turns.deleteChat(harness.scope, chat);
  await eventually(() => sumOf(key)).toMatchObject({ turns: 1, calls: 1 });
  const other = harness.startReplica({ clock: new TestClock() });
  const ended = await harness.newChat();
  await other.turns.send(harness.scope, { chat: ended, content: 'x', requestedBy: { spender: { key } } });
  await other.turns.deleteChat(harness.scope, ended);
  expect(await sumOf(key)).toMatchObject({ turns: 2, calls: 2 });
  await harness.stopReplicas();
  expect(await sumOf(key)).toMatchObject({ turns: 2, calls: 2 });
});

test('usage that was counted at the removal is not counted again by a process that missed the end', async () => {
  const key = mintId('key');
  const replica = harness.startReplica({ clock: new TestClock() });
  const chat = await harness.newChat();
  let isFirst = true;
  replica.tap.intercept('turns.end', async (proceed) => {
    const result = await proceed();
    if (!isFirst) return result;
    isFirst = false;
    await harness.db.stores.chats.markDeleted(harness.scope, chat);
    await harness.db.stores.chats.purge(chat);
    throw new ApiError('database_unavailable');
  });
  const sending = replica.turns.send(harness.scope, {
    chat,
    content: 'x',
    requestedBy: { spender: { key } },
  });
  await eventually(() => isFirst).toBe(false);
  await harness.stopReplicas();
  await sending.catch(() => undefined);
  expect(await sumOf(key)).toMatchObject({ turns: 1, calls: 1 });
});

test('the usage of a handed-over run is counted with its turn, which counts as one', async () => {
  const key = mintId('key');
  const { turns, chat } = await begin(key);
  await turns.drain(0, AbortSignal.abort());
  const [released] = await turnsOf(harness, chat);
  expect(released).toMatchObject({ status: 'queued', usage: [{ attempt: 1, isEstimated: true }] });
  const content = released?.['messages'][0].content;
  harness.model.replyTo(content, scripts.echo());
  harness.startReplica();
  await eventually(() => sumOf(key)).toMatchObject({ turns: 1, calls: 2 });
});

/** A seeded generator of numbers in [0, 1) (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test('usage is not counted again by a process that deletes the chat before it learns of the end', async () => {
  const key = mintId('key');
  const replica = harness.startReplica({ clock: new TestClock() });
  const chat = await harness.newChat();
  replica.tap.disconnect('turns.end', 'after');
  const sending = replica.turns.send(harness.scope, {
    chat,
    content: 'x',
    requestedBy: { spender: { key } },
  });
  sending.catch(() => undefined);
  await eventually(() => replica.tap.calls).toContain('turns.end');
  await eventually(async () => (await turnsOf(harness, chat))[0]?.['status']).toBe('completed');
  await replica.turns.deleteChat(harness.scope, chat);
  await harness.stopReplicas();
  expect(await sumOf(key)).toMatchObject({ turns: 1, calls: 1 });
});
