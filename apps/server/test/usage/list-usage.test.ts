import type { UsageList } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness, type Team } from '../harness.ts';

/* Usage in the responses for a team. */

const { makeTeam, rest } = await startHarness();

const today = () => new Date().toISOString().slice(0, 10);
const usageOf = async (team: Team, query: Record<string, string> = {}, key = team.secretKey) =>
  (await rest<UsageList>('GET', '/usage', { key, query })).body;
const turnsOf = async (team: Team) => (await usageOf(team)).usage.reduce((sum, { turns }) => sum + turns, 0);

describe('usage', () => {
  test('usage is summed by day, agent, user, key and model', async () => {
    const team = await makeTeam();
    const other = await team.makeAgent({ model: 'another' });
    const chats = [
      await team.makeChat({ userId: 'ann' }),
      await team.makeChat({ userId: 'ben', agentId: other.id }),
      await team.makeChat(),
    ];
    for (const { id } of chats) await team.send(id, 'hello');
    await expect.poll(() => turnsOf(team), { timeout: 10_000 }).toBe(3);

    const { usage: days } = await usageOf(team);
    expect(days).toEqual([
      {
        day: today(),
        turns: 3,
        calls: 3,
        inputTokens: expect.any(Number),
        outputTokens: expect.any(Number),
      },
    ]);
    const namesBy = async (groupBy: string, name: 'agentId' | 'userId' | 'keyId' | 'model') =>
      (await usageOf(team, { groupBy })).usage.map((sum) => [sum[name], sum.turns]);
    expect(await namesBy('agent', 'agentId')).toEqual(
      [
        [team.agent.id, 2],
        [other.id, 1],
      ].toSorted(),
    );
    expect(await namesBy('user', 'userId')).toEqual([
      [undefined, 1],
      ['ann', 1],
      ['ben', 1],
    ]);
    expect(await namesBy('model', 'model')).toEqual([
      ['another', 1],
      ['m1', 2],
    ]);
    expect(await namesBy('key', 'keyId')).toEqual([[expect.stringMatching(/^key_/), 3]]);
  });

  test('usage is paged, with a cursor that fits these days only', async () => {
    const team = await makeTeam();
    for (const userId of ['a', 'b', 'c']) await team.send((await team.makeChat({ userId })).id, 'hello');
    await expect.poll(() => turnsOf(team), { timeout: 10_000 }).toBe(3);
    const first = await usageOf(team, { groupBy: 'user', limit: '2' });
    expect(first.usage.map(({ userId }) => userId)).toEqual(['a', 'b']);
    const query = { groupBy: 'user', cursor: first.nextCursor ?? '' };
    const second = await usageOf(team, query);
    expect(second.usage.map(({ userId }) => userId)).toEqual(['c']);
    expect(second.nextCursor).toBeUndefined();
    const other = await team.rest('GET', '/usage', { query: { ...query, from: '2026-01-01' } });
    expect([other.status, other.apiError.code]).toEqual([400, 'invalid_cursor']);
  });

  test('a key for some agents sees the usage of these agents', async () => {
    const team = await makeTeam();
    const other = await team.makeAgent();
    for (const agentId of [team.agent.id, other.id]) {
      await team.send((await team.makeChat({ agentId })).id, 'hello');
    }
    await expect.poll(() => turnsOf(team), { timeout: 10_000 }).toBe(2);
    const { body } = await team.rest<{ key: string }>('POST', '/key', {
      body: { kind: 'secret', scopes: ['usage:read'], agentIds: [other.id] },
    });
    const { usage } = await usageOf(team, { groupBy: 'agent' }, body.key);
    expect(usage.map(({ agentId, turns }) => [agentId, turns])).toEqual([[other.id, 1]]);
  });

  test('a team sees only its own usage', async () => {
    const [team, other] = [await makeTeam(), await makeTeam()];
    await team.send((await team.makeChat()).id, 'hello');
    await expect.poll(() => turnsOf(team), { timeout: 10_000 }).toBe(1);
    expect((await usageOf(other)).usage).toEqual([]);
  });

  test.each([
    ['days in the wrong order', { from: '2026-11-02', to: '2026-11-01' }],
    ['more than 400 days', { from: '2025-01-01', to: '2026-11-01' }],
    ['a day that is none', { from: '2026-02-30' }],
    ['a timestamp', { to: '2026-11-01T00:00:00Z' }],
    ['a group that is none', { groupBy: 'content' }],
    ['an unknown field', { team: 'x' }],
  ])('usage with %s returns 400', async (_, query) => {
    const team = await makeTeam();
    const { status, apiError } = await team.rest('GET', '/usage', { query });
    expect([status, apiError.code]).toEqual([400, 'invalid_input']);
  });

  test('usage of 400 days is returned', async () => {
    const team = await makeTeam();
    expect((await usageOf(team, { from: '2025-09-27', to: '2026-10-31' })).usage).toEqual([]);
  });
});

test('the usage of a deleted user stays in the sums without their name', async () => {
  const team = await makeTeam();
  for (const userId of ['deleted', 'kept']) await team.send((await team.makeChat({ userId })).id, 'hello');
  await team.rest('DELETE', '/user/deleted');
  await expect.poll(() => turnsOf(team), { timeout: 10_000 }).toBe(2);
  const { usage } = await usageOf(team, { groupBy: 'user' });
  expect(usage.map(({ userId, turns }) => [userId, turns])).toEqual([
    [undefined, 1],
    ['kept', 1],
  ]);
});

test('the usage of a deleted chat and of a failed answer stays', async () => {
  const team = await makeTeam();
  const chat = await team.makeChat();
  await team.send(chat.id, 'hello');
  await team.failed();
  await team.rest('DELETE', `/chat/${chat.id}`);
  await expect.poll(() => turnsOf(team), { timeout: 10_000 }).toBe(2);
});
