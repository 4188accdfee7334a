import { type Chat, isId } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam } = await startHarness();
const team = await makeTeam();
const { agent } = team;

const create = (body: object) => team.rest<Chat>('POST', '/chat', { body });

test('a new chat returns its id, agent, team and creation time, and no field that was not given', async () => {
  const before = Date.now();
  const { status, body } = await create({ agentId: agent.id });
  expect(status).toBe(200);
  const { id, createdAt, updatedAt, ...rest } = body;
  expect(rest).toEqual({ agentId: agent.id, teamId: team.id });
  expect(isId('chat', id)).toBe(true);
  expect(updatedAt).toBe(createdAt);
  expect(createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(Date.parse(createdAt)).toBeGreaterThanOrEqual(before);
  expect(Date.parse(createdAt)).toBeLessThanOrEqual(Date.now());
});

test('the response is JSON with status 200, not 201', async () => {
  const { status, headers } = await create({ agentId: agent.id });
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
});

test('a created chat is returned unchanged when it is read', async () => {
  const { body } = await create({ agentId: agent.id, userId: 'user_1', metadata: { plan: 'pro' } });
  expect((await team.rest('GET', `/chat/${body.id}`)).body).toEqual({ ...body, messages: [] });
});

test('the same request twice creates two chats', async () => {
  const [first, second] = await Promise.all([create({ agentId: agent.id }), create({ agentId: agent.id })]);
  expect(first.body.id).not.toBe(second.body.id);
});

test.each([
  '00123',
  '1e3',
  '0x10',
  'true',
  'null',
  ' ',
  ' a ',
  '$ne',
  '{"$ne":null}',
  '../..',
  '🙂'.repeat(256),
  'x'.repeat(256),
])('the userId %j is stored unchanged', async (userId) => {
  const { body } = await create({ agentId: agent.id, userId });
  expect(body.userId).toBe(userId);
  const { chats } = await team.trpc.chat.list.query({ userId });
  expect(chats.map(({ id }) => id)).toContain(body.id);
  expect(chats.every((chat) => chat.userId === userId)).toBe(true);
});

test('a publishable key can create chats', async () => {
  const { status } = await team.rest('POST', '/chat', {
    key: team.publishableKey,
    body: { agentId: agent.id },
  });
  expect(status).toBe(200);
});
