import { scripts } from '@parley/agent/testing';
import { expireChats, RetentionProgress } from '@parley/api';
import type { Answer, FullAgent } from '@parley/contract';
import { longTest } from '@parley/embedded/testing/form';
import { FailingItems } from '@parley/turns';
import { expect, test, vi } from 'vitest';
import { startHarness } from '../harness.ts';
import { everythingIn } from '../support/everything.ts';

/* Chats are kept for the number of days of their agent. The time is a parameter here. */

const { makeTeam, mongo, composition, model, startReplica } = await startHarness();
const { stores } = mongo.database;
const PAUSES = { min: 1_000, max: 1_000, work: { maxMs: 1_000, underWayMax: 8 } };
const DAY_MS = 24 * 60 * 60 * 1_000;

const expireAt = (now: Date, turns = composition.turns) => expireChats(stores, turns, { now });
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS);

/** A team whose one agent keeps chats for this number of days. */
async function keeping(retentionDays?: number) {
  const team = await makeTeam({ retentionDays });
  const isThere = async (id: string) => (await team.rest('GET', `/chat/${id}`)).status === 200;
  return { team, isThere };
}

test('a chat is deleted with its messages after its agent’s number of days without a message', async () => {
  const { team, isThere } = await keeping(30);
  const { id } = await team.makeChat({ metadata: { note: 'canary-metadata' } });
  await team.send(id, 'canary-question');
  const untouched = await team.makeChat();
  await expireAt(inDays(29));
  expect([await isThere(id), await isThere(untouched.id)]).toEqual([true, true]);
  expect(await expireAt(inDays(31))).toBe(2);
  expect([await isThere(id), await isThere(untouched.id)]).toEqual([false, false]);
  expect(await everythingIn(mongo.raw)).not.toContain('canary-');
});

test('a chat of an agent without a number of days stays, and the number can be removed', async () => {
  const { team, isThere } = await keeping();
  const { id } = await team.makeChat();
  await expireAt(inDays(4_000));
  expect(await isThere(id)).toBe(true);
  const put = (body: object) =>
    team.rest<FullAgent>('PUT', `/agent/${team.agent.id}`, {
      body: { name: 'Ada', type: 'support', ...body },
    });
  expect((await put({ retentionDays: 7 })).body).toMatchObject({ retentionDays: 7, version: 1 });
  expect((await put({})).body).not.toHaveProperty('retentionDays');
  await expireAt(inDays(4_000));
  expect(await isThere(id)).toBe(true);
  for (const retentionDays of [0, 3_651, 1.5, '7', null]) {
    const { status, apiError } = await put({ retentionDays });
    expect([status, apiError.issues?.[0]?.path]).toEqual([400, 'retentionDays']);
  }
});

test('the age of the last message counts, not that of the chat', async () => {
  const { team, isThere } = await keeping(10);
  const { id } = await team.makeChat();
  await team.send(id, 'first');
  const turns = mongo.raw.collection('turns');
  await turns.updateOne({ chat: id }, { $set: { endedAt: inDays(5) } });
  await expireAt(inDays(14));
  expect(await isThere(id)).toBe(true);
  await expireAt(inDays(16));
  expect(await isThere(id)).toBe(false);
});

test('a chat with a running or waiting answer stays', async () => {
  const { team, isThere } = await keeping(1);
  const { id } = await team.makeChat();
  model.replyTo('go on for ever', scripts.neverEnding('so far'));
  const body = { content: 'go on for ever', role: 'user', wait: false };
  const { body: answer } = await team.rest<Answer>('POST', `/chat/${id}/message`, { body });
  await model.callTo('go on for ever');
  await expireAt(inDays(10));
  expect(await isThere(id)).toBe(true);
  await team.rest('POST', `/chat/${id}/message/${answer.id}/cancel`);
  await vi.waitFor(async () => {
    await expireAt(inDays(10));
    expect(await isThere(id)).toBe(false);
  });
});

longTest('two servers delete each of many pages of chats once, and only those of this agent', async () => {
  const { team } = await keeping(1);
  const other = await team.makeAgent();
  const kept = await team.makeChat({ agentId: other.id });
  const scope = { team: team.id };
  for (let index = 0; index < 230; index++) {
    await stores.chats.create(scope, { agent: team.agent.id, agentType: 'support' });
  }
  const replica = await startReplica();
  const counts = await Promise.all([expireAt(inDays(2)), expireAt(inDays(2), replica.composition.turns)]);
  expect(counts.reduce((sum, count) => sum + count)).toBe(230);
  const { items } = await stores.chats.list(scope, {}, { limit: 10 });
  expect(items.map(({ id }) => id)).toEqual([kept.id]);
});

test('a message between the check and the deletion keeps its chat', async () => {
  const { team, isThere } = await keeping(1);
  const { id: busy } = await team.makeChat();
  await team.send(busy, 'long ago');
  const { id: quiet } = await team.makeChat();
  const chats = Object.assign(Object.create(stores.chats), {
    async listIdle(...args: Parameters<typeof stores.chats.listIdle>) {
      const page = await stores.chats.listIdle(...args);
      const isJudged = args[1] === team.agent.id && page.items.length > 0;
      if (isJudged) expect((await team.send(busy, 'just now')).status).toBe(200);
      return page;
    },
  });
  expect(await expireChats({ ...stores, chats }, composition.turns, { now: inDays(2) })).toBe(1);
  expect([await isThere(busy), await isThere(quiet)]).toEqual([true, false]);
  const { body } = await team.rest<{ messages: { content: string }[] }>('GET', `/chat/${busy}/message`);
  expect(body.messages.map(({ content }) => content)).toContain('just now');
  expect((await team.send(busy, 'and on')).status).toBe(200);
});

test('a chat that always fails, or whose deletion never ends, does not stop the others', async () => {
  const { team, isThere } = await keeping(1);
  const [failing, hanging, third] = [await team.makeChat(), await team.makeChat(), await team.makeChat()];
  const failures: unknown[] = [];
  let passTime = () => {};
  const sleep = () => new Promise<void>((resolve) => (passTime = resolve));
  const progress = new RetentionProgress(new FailingItems({ now: () => 0, sleep }, PAUSES));
  const turns = {
    deleteIdleChat: (...args: Parameters<typeof composition.turns.deleteIdleChat>) => {
      if (args[1] === failing.id) return Promise.reject(new Error('it always fails'));
      if (args[1] !== hanging.id) return composition.turns.deleteIdleChat(...args);
      queueMicrotask(() => passTime());
      return new Promise<boolean>(() => undefined);
    },
  };
  const onFailure = (_error: unknown, { chat }: { chat?: string }) => failures.push(chat);
  const count = await expireChats(stores, turns, { now: inDays(2), progress, onFailure });
  expect(count).toBeGreaterThanOrEqual(1);
  expect(failures.filter((id) => id === failing.id || id === hanging.id)).toEqual([failing.id, hanging.id]);
  const left = await Promise.all([failing, hanging, third].map(({ id }) => isThere(id)));
  expect(left).toEqual([true, true, false]);
});
