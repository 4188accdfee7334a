import { type ChatList, limits, mintId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam, mongo } = await startHarness();

const list = async (team: Awaited<ReturnType<typeof makeTeam>>, query: Record<string, string> = {}) =>
  (await team.rest<ChatList>('GET', '/chat', { query })).body;

test('a team without chats has an empty list', async () => {
  expect(await list(await makeTeam())).toEqual({ chats: [] });
});

describe('the filters', () => {
  // Two types and two users in all four pairs, and chats without a user.
  const pairs = [
    ['support', 'ann'],
    ['support', 'bob'],
    ['sales', 'ann'],
    ['sales', 'bob'],
    ['support', undefined],
    ['sales', undefined],
  ] as const;

  async function seed() {
    const team = await makeTeam({ type: 'support' });
    const otherTeam = await makeTeam({ type: 'support' });
    const sales = await team.makeAgent({ type: 'sales' });
    const made: { id: string; type: string; user: string | undefined }[] = [];
    for (const [type, user] of [...pairs, ...pairs]) {
      const agentId = type === 'sales' ? sales.id : team.agent.id;
      const chat = await team.makeChat({ agentId, ...(user && { userId: user }) });
      made.push({ id: chat.id, type, user });
      await otherTeam.makeChat(user ? { userId: user } : {});
    }
    return { team, made: made.reverse() };
  }

  test.each([
    [{}],
    [{ userId: 'ann' }],
    [{ userId: 'bob' }],
    [{ agentType: 'support' }],
    [{ agentType: 'sales' }],
    [{ userId: 'ann', agentType: 'support' }],
    [{ userId: 'ann', agentType: 'sales' }],
    [{ userId: 'bob', agentType: 'support' }],
    [{ userId: 'bob', agentType: 'sales' }],
    [{ userId: 'nobody' }],
    [{ agentType: 'nothing' }],
    [{ userId: 'nobody', agentType: 'support' }],
    [{ userId: 'ann', agentType: 'nothing' }],
    [{ userId: 'ANN' }],
    [{ userId: 'an' }],
    [{ userId: '^a' }],
    [{ agentType: 'Support' }],
  ] as [{ userId?: string; agentType?: string }][])(
    'the filter %j returns exactly the matching chats, newest first',
    async (filter) => {
      const { team, made } = await seeded;
      const expected = made
        .filter(({ user }) => filter.userId === undefined || user === filter.userId)
        .filter(({ type }) => filter.agentType === undefined || type === filter.agentType)
        .map(({ id }) => id);
      const { chats } = await list(team, filter);
      expect(chats.map(({ id }) => id)).toEqual(expected);
      expect((await team.trpc.chat.list.query(filter)).chats).toEqual(chats);
    },
  );

  const seeded = seed();
});

test('a list has the same fields as the chat itself, without its messages', async () => {
  const team = await makeTeam();
  const chat = await team.makeChat({ userId: 'ann', metadata: { $where: 1 } });
  const bare = await team.makeChat();
  expect((await list(team)).chats).toEqual([bare, chat]);
  expect(bare).not.toHaveProperty('userId');
});

test('a list is complete when it is longer than a page of the database', async () => {
  const team = await makeTeam();
  const made = await Promise.all(Array.from({ length: 300 }, () => team.makeChat()));
  const { chats, nextCursor } = await list(team);
  expect(new Set(chats.map(({ id }) => id))).toEqual(new Set(made.map(({ id }) => id)));
  expect(nextCursor).toBeUndefined();
});

test('a list of up to 10,000 chats is complete, and a longer one has a cursor', async () => {
  const team = await makeTeam();
  const chats = Array.from({ length: limits.chatListMax }, () => ({
    _id: mintId('chat'),
    team: team.id,
    agent: team.agent.id,
    agentType: 'support',
    createdAt: new Date(),
  }));
  await mongo.raw.collection<{ _id: string }>('chats').insertMany(chats);
  const exact = await list(team);
  expect(exact.chats).toHaveLength(limits.chatListMax);
  expect(exact.nextCursor).toBeUndefined();

  const newest = await team.makeChat();
  const first = await list(team);
  expect(first.chats).toHaveLength(limits.chatListMax);
  expect(first.chats[0]?.id).toBe(newest.id);
  const { chats: rest, nextCursor } = await list(team, { cursor: first.nextCursor ?? '' });
  expect(rest.map(({ id }) => id)).toEqual([chats[0]?._id]);
  expect(nextCursor).toBeUndefined();
});

test('a deleted chat is in no list', async () => {
  const team = await makeTeam();
  const [deleted, kept] = [await team.makeChat({ userId: 'ann' }), await team.makeChat({ userId: 'ann' })];
  await team.rest('DELETE', `/chat/${deleted.id}`);
  for (const query of [
    {},
    { userId: 'ann' },
    { agentType: 'support' },
    { userId: 'ann', agentType: 'support' },
  ]) {
    expect((await list(team, query)).chats.map(({ id }) => id)).toEqual([kept.id]);
  }
});

test('a filter in a URL is decoded once', async () => {
  const team = await makeTeam();
  const chat = await team.makeChat({ userId: 'a+b c%20d&e=f/é🙂' });
  await team.makeChat({ userId: 'a b c d' });
  const { chats } = await list(team, { userId: 'a+b c%20d&e=f/é🙂' });
  expect(chats.map(({ id }) => id)).toEqual([chat.id]);
});
