import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam } = await startHarness();
const team = await makeTeam();
const chat = await team.makeChat();

test.each([
  ['order=', 'order'],
  ['order=ASC', 'order'],
  ['order=newest', 'order'],
  ['order=asc&order=desc', 'order'],
  ['limit=', 'limit'],
  ['limit=0', 'limit'],
  ['limit=1001', 'limit'],
  ['limit=1&limit=1', 'limit'],
  ['cursor=', 'cursor'],
  ['chatId=x', 'chatId'],
  ['userId=x', 'userId'],
])('?%s is rejected with the name of the parameter', async (query, path) => {
  const { status, apiError } = await team.rest('GET', `/chat/${chat.id}/message?${query}`);
  expect(status).toBe(400);
  expect(apiError).toMatchObject({ code: 'invalid_input', issues: [{ path }] });
});
