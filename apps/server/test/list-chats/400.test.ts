import { type ChatList, limits } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam } = await startHarness();
const team = await makeTeam();

const list = (query: string) => team.rest<ChatList>('GET', `/chat?${query}`);

test.each([
  ['userId=', 'userId'],
  ['agentType=', 'agentType'],
  ['limit=', 'limit'],
  ['cursor=', 'cursor'],
  ['userId=a&userId=b', 'userId'],
  ['userId=a&userId=', 'userId'],
  ['limit=5&limit=6', 'limit'],
  ['userId[$ne]=', 'userId[$ne]'],
  ['userId[$ne]=x', 'userId[$ne]'],
  ['userId[]=x', 'userId[]'],
  ['agentType[$regex]=.*', 'agentType[$regex]'],
  ['userid=x', 'userid'],
  ['user_id=x', 'user_id'],
  ['chatId=x', 'chatId'],
  ['=x', ''],
  ['%00=x', '\0'],
  ['userId=%00', 'userId'],
  ['userId=a%00b', 'userId'],
  [`userId=${'x'.repeat(limits.userIdLengthMax + 1)}`, 'userId'],
  [`agentType=${'x'.repeat(limits.agentTypeLengthMax + 1)}`, 'agentType'],
  ['limit=0', 'limit'],
  ['limit=1001', 'limit'],
  ['limit=%205', 'limit'],
  ['limit=+5', 'limit'],
])('?%s is rejected instead of ignored or read as no filter', async (query, field) => {
  const { status, apiError } = await list(query);
  expect(status).toBe(400);
  expect(apiError).toMatchObject({ code: 'invalid_input', issues: [{ path: field }] });
});

test.each(['1', '1000', '01', '000010'])('limit=%s is accepted as a page size', async (limit) => {
  expect((await list(`limit=${limit}`)).status).toBe(200);
});

test.each([
  `userId=${'x'.repeat(256)}`,
  `userId=${'%F0%9F%99%82'.repeat(256)}`,
  `agentType=${'x'.repeat(64)}`,
])('the longest value is accepted: %s', async (query) => {
  expect((await list(query)).status).toBe(200);
});

test.each(['userId=%ff', 'userId=%E0%A4', 'userId=%zz', 'userId=%', '%zz=1'])(
  'a broken escape (?%s) returns 400 and is not read as text',
  async (query) => {
    const { status, apiError } = await list(query);
    expect(status).toBe(400);
    expect(apiError.code).toBe('malformed_request');
  },
);
