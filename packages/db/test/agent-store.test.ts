import { mintId } from '@parley/contract';
import { afterAll, expect, test } from 'vitest';
import type { AgentInfo, AgentRecord } from '../src/index.ts';
import { newScope } from './examples.ts';
import { passTime } from './pass-time.ts';
import { startDatabase } from './start-database.ts';
import { connectWatched } from './watch-commands.ts';

const db = await startDatabase('agent_store');
const watched = await connectWatched(db.uri);

afterAll(() => watched.database.close());

/** An agent with the fields that turns need. */
const inUse = ({ createdAt: _made, updatedAt: _changed, ...record }: AgentInfo): AgentRecord => record;

const support = { name: 'Ann', type: 'support' };

test('an agent has exactly the fields that it was created with', async () => {
  const scope = newScope();
  const full = { ...support, description: 'd', systemPrompt: '$$ROOT \u{1F600}', model: 'm', temperature: 0 };
  const made = await db.stores.agents.create(scope, full);
  const { createdAt } = made;
  expect(made).toEqual({ ...full, id: made.id, version: 1, createdAt, updatedAt: createdAt });
  expect(await db.stores.agents.get(scope, made.id)).toEqual(made);
  expect(await db.stores.agents.find(scope, made.id)).toEqual(inUse(made));
  const plain = await db.stores.agents.create(scope, support);
  expect(await db.stores.agents.find(scope, plain.id)).toEqual({ ...support, id: plain.id, version: 1 });
});

test('an agent with a given id is created once, and a repetition returns the stored one', async () => {
  const scope = newScope();
  const id = mintId('agent');
  const first = await db.stores.agents.create(scope, support, id);
  expect(await db.stores.agents.create(scope, { ...support, name: 'other' }, id)).toEqual(first);
  expect(await db.stores.agents.list(scope, 10)).toEqual([inUse(first)]);
});

test('creating an agent with the id of another team’s agent is rejected', async () => {
  const id = mintId('agent');
  const owner = newScope();
  await db.stores.agents.create(owner, support, id);
  const other = newScope();
  await expect(db.stores.agents.create(other, support, id)).rejects.toThrow();
  expect(await db.stores.agents.list(other, 10)).toEqual([]);
});

test('agents are listed in the order of their creation, up to the limit', async () => {
  const scope = newScope();
  const made = [];
  for (const name of ['c', 'a', 'b']) made.push(await db.stores.agents.create(scope, { ...support, name }));
  expect(await db.stores.agents.list(scope, 10)).toEqual(made.map(inUse));
  expect(await db.stores.agents.list(scope, 2)).toEqual(made.slice(0, 2).map(inUse));
  const summaries = made.map(({ id, name, type }) => ({ id, name, type }));
  expect(await db.stores.agents.listSummaries(scope, 10)).toEqual(summaries);
  expect(await db.stores.agents.listSummaries(scope, 2)).toEqual(summaries.slice(0, 2));
});

test('a found agent is cached for a few seconds per team, and an unknown one is queried again', async () => {
  const scope = newScope();
  const { id } = await db.stores.agents.create(scope, support);
  const finds = () => watched.commands().filter(({ name }) => name === 'find').length;
  const later = passTime();
  try {
    finds();
    await Promise.all(Array.from({ length: 20 }, () => watched.stores.agents.find(scope, id)));
    expect(finds()).toBe(1);
    expect(await watched.stores.agents.find(newScope(), id)).toBeUndefined();
    expect(await watched.stores.agents.find(scope, mintId('agent'))).toBeUndefined();
    expect(await watched.stores.agents.find(scope, mintId('agent'))).toBeUndefined();
    expect(finds()).toBe(3);
    await db.raw.collection('agents').updateOne({ _id: id as never }, { $set: { name: 'Bob' } });
    expect(await watched.stores.agents.find(scope, id)).toMatchObject({ name: 'Ann' });
    later.by(4_001);
    // The cache reads the clock at most once a millisecond.
    await expect.poll(() => watched.stores.agents.find(scope, id)).toMatchObject({ name: 'Bob' });
    expect(finds()).toBe(1);
  } finally {
    later.restore();
  }
});
