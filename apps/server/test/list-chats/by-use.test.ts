import type { Chat, ChatList, Id } from '@parley/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { walkPages } from '../support/walk-pages.ts';

const { makeTeam, mongo } = await startHarness();
const { chats } = mongo.database.stores;
const stored = mongo.raw.collection<{ _id: string }>('chats');

const DAY = Date.parse('2027-01-01');

/** Few times, so that several chats have the same one; `undefined` for a chat of release 0.1.0. */
const use = fc.record({
  at: fc.option(fc.nat(4), { nil: undefined }),
  user: fc.constantFrom('ann', 'bob'),
  agentType: fc.constantFrom('support', 'sales'),
});
const filter: fc.Arbitrary<{ userId?: string; agentType?: string }> = fc.record(
  { userId: fc.constantFrom('ann', 'bob'), agentType: fc.constantFrom('support', 'sales') },
  { requiredKeys: [] },
);

test('pages by last use hold every chat once, the last used first, and those without a time at the end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(use, { maxLength: 14 }),
      filter,
      fc.integer({ min: 1, max: 5 }),
      async (uses, by, limit) => {
        const team = await makeTeam();
        const scope = { team: team.id };
        const made: { id: Id<'chat'>; at: number | undefined; user: string; agentType: string }[] = [];
        for (const { at, user, agentType } of uses) {
          const { id } = await chats.create(scope, { agent: team.agent.id, agentType, user });
          if (at === undefined) await stored.updateOne({ _id: id }, { $unset: { updatedAt: '' } });
          else await chats.noteUses([{ ...scope, chat: id, at: new Date(DAY + at) }]);
          made.push({ id, at, user, agentType });
        }
        const pages = await walkPages(async (cursor) => {
          const query = { ...by, order: 'updated', limit: String(limit), ...(cursor && { cursor }) };
          const { body } = await team.rest<ChatList>('GET', '/chat', { query });
          return { items: body.chats.map(({ id }) => id), nextCursor: body.nextCursor };
        });
        const expected = made
          .filter(
            ({ user, agentType }) =>
              (by.userId ?? user) === user && (by.agentType ?? agentType) === agentType,
          )
          .sort((a, b) => (b.at ?? -1) - (a.at ?? -1) || (a.id < b.id ? 1 : -1))
          .map(({ id }) => id);
        expect(pages.flat()).toEqual(expected);
        expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
      },
    ),
    { numRuns: 25 },
  );
});

test('a chat comes first in the list by last use when it is used or renamed, and the other list stays in its order', async () => {
  const team = await makeTeam();
  const make = async () =>
    (await team.rest<Chat>('POST', '/chat', { body: { agentId: team.agent.id } })).body;
  const [first, second, third] = [await make(), await make(), await make()];
  const listed = async (order?: string) => {
    const { body } = await team.rest<ChatList>('GET', '/chat', { query: order ? { order } : {} });
    return body.chats.map(({ id }) => id);
  };
  expect(first.updatedAt).toBe(first.createdAt);
  expect(await listed('updated')).toEqual([third.id, second.id, first.id]);
  await team.rest('POST', `/chat/${first.id}/message`, { body: { content: 'Hi', role: 'user' } });
  await expect.poll(() => listed('updated')).toEqual([first.id, third.id, second.id]);
  const { body: renamed } = await team.rest<Chat>('PATCH', `/chat/${second.id}`, { body: { title: 'New' } });
  expect(Date.parse(renamed.updatedAt)).toBeGreaterThan(Date.parse(second.updatedAt));
  await expect.poll(() => listed('updated')).toEqual([second.id, first.id, third.id]);
  expect(await listed()).toEqual([third.id, second.id, first.id]);
  expect(await listed('created')).toEqual([third.id, second.id, first.id]);
});

test('a list by last use cannot be searched, and takes no cursor of the other list', async () => {
  const team = await makeTeam();
  for (let count = 0; count < 2; count++)
    await chats.create({ team: team.id }, { agent: team.agent.id, agentType: 't' });
  const ask = (query: Record<string, string>) =>
    team.rest<ChatList & { code: string }>('GET', '/chat', { query });
  expect((await ask({ order: 'updated', search: 'word' })).body).toMatchObject({ code: 'invalid_input' });
  expect((await ask({ order: 'else' })).status).toBe(400);
  for (const [order, other] of [
    ['created', 'updated'],
    ['updated', 'created'],
  ] as const) {
    const { nextCursor = '' } = (await ask({ order, limit: '1' })).body;
    expect((await ask({ order, limit: '1', cursor: nextCursor })).status).toBe(200);
    expect((await ask({ order: other, limit: '1', cursor: nextCursor })).body).toMatchObject({
      code: 'invalid_cursor',
    });
  }
});
