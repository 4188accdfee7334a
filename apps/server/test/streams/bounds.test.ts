import { describe, expect, test } from 'vitest';
import { parseTrustProxy } from '../../src/gate/client-address.ts';
import { startHarness, type Team } from '../harness.ts';
import { type OpenStream, openStream } from '../support/event-stream.ts';

/* The limits of streams that are open at the same time. */

const { makeTeam, url, composition, mongo } = await startHarness({
  trustProxy: parseTrustProxy('loopback'),
  streamLimits: { perUser: 3, perAddress: 5, perProcess: 8 },
});
const { streams } = composition.services;

const follow = (chatId: string, headers: Record<string, string>) =>
  openStream(url, 'GET', `/chat/${chatId}/events`, { headers });
const userHeaders = async (team: Team, user: string, address: string) => ({
  'x-api-key': await team.guestKey(),
  'x-user-token': await team.userToken(user),
  'x-forwarded-for': address,
});
async function closeAll(open: readonly OpenStream[]) {
  for (const stream of open) stream.close();
  await expect.poll(() => streams.size).toBe(0);
}

describe('streams beyond the limits', () => {
  test('a user at the limit is rejected, and accepted again when one of their streams has ended', async () => {
    const team = await makeTeam();
    const { id } = await team.makeChat({ userId: 'user_1' });
    const headers = await userHeaders(team, 'user_1', '192.0.2.1');
    const open = await Promise.all([1, 2, 3].map(() => follow(id, headers)));
    expect(open.map(({ status }) => status)).toEqual([200, 200, 200]);
    const rejected = await follow(id, headers);
    expect([rejected.status, rejected.apiError?.code]).toEqual([429, 'too_many_streams']);
    expect(rejected.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    open[0]?.close();
    await expect.poll(() => streams.size).toBe(2);
    open.push(await follow(id, headers));
    expect(open.at(-1)?.status).toBe(200);
    await closeAll(open);
  });

  test('a message whose stream would exceed the limit is not stored', async () => {
    const team = await makeTeam();
    const { id } = await team.makeChat({ userId: 'user_1' });
    const headers = await userHeaders(team, 'user_1', '192.0.2.1');
    const open = await Promise.all([1, 2, 3].map(() => follow(id, headers)));
    const body = { content: 'hello', role: 'user' };
    const rejected = await openStream(url, 'POST', `/chat/${id}/message`, { headers, body });
    expect(rejected.apiError?.code).toBe('too_many_streams');
    expect(await mongo.raw.collection('turns').countDocuments({ chat: id })).toBe(0);
    await closeAll(open);
  });

  test('an address at the limit is rejected for all its users, and secret keys are exempt', async () => {
    const team = await makeTeam();
    const open: OpenStream[] = [];
    for (const user of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const { id } = await team.makeChat({ userId: user });
      open.push(await follow(id, await userHeaders(team, user, '192.0.2.7')));
    }
    expect(open.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429]);
    const { id } = await team.makeChat();
    open.push(await follow(id, { 'x-api-key': team.secretKey, 'x-forwarded-for': '192.0.2.7' }));
    expect(open.at(-1)?.status).toBe(200);
    await closeAll(open);
  });

  test('a process at its limit rejects everyone, and tRPC returns the code', async () => {
    const team = await makeTeam();
    const { id } = await team.makeChat();
    const headers = { 'x-api-key': team.secretKey };
    const open = await Promise.all(Array.from({ length: 8 }, () => follow(id, headers)));
    expect(streams.size).toBe(8);
    const input = JSON.stringify({ chatId: id });
    const subscription = await openStream(url, 'GET', '/trpc/chat.follow', { headers, query: { input } });
    const [error] = (await subscription.until(({ event }) => event === 'serialized-error')).slice(-1);
    expect(error?.data).toContain('"too_many_streams"');
    expect(streams.size).toBe(8);
    await closeAll(open);
  });
});

test('a rejected stream and an ended one give their place back', async () => {
  const team = await makeTeam();
  const { chatId, messageId } = await team.answered();
  const headers = { 'x-api-key': team.secretKey };
  const ended = await openStream(url, 'GET', `/chat/${chatId}/message/${messageId}/stream`, { headers });
  await ended.rest();
  expect((await follow('chat_none', headers)).status).toBe(404);
  const body = { content: '', role: 'user' };
  expect((await openStream(url, 'POST', `/chat/${chatId}/message`, { headers, body })).status).toBe(400);
  await expect.poll(() => streams.size).toBe(0);
});
