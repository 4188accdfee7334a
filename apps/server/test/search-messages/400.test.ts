import { limits } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam } = await startHarness();
const team = await makeTeam();

test.each([
  ['', 'q'],
  ['q=', 'q'],
  ['q=a&q=b', 'q'],
  ['q=%00', 'q'],
  [`q=${'x'.repeat(limits.searchLengthMax + 1)}`, 'q'],
  ['q=a&limit=0', 'limit'],
  [`q=a&limit=${limits.searchResultsMax + 1}`, 'limit'],
  ['q=a&userId=ann', 'userId'],
  ['q[$ne]=a', 'q[$ne]'],
])('the search "?%s" is rejected and names the field', async (query, field) => {
  const { status, apiError } = await team.rest('GET', `/search?${query}`);
  expect(status).toBe(400);
  expect(apiError.code).toBe('invalid_input');
  expect(apiError.issues?.map(({ path }) => path)).toContain(field);
});

test('a cursor of another list is rejected', async () => {
  for (let chats = 0; chats < 2; chats++) await team.makeChat();
  const { body } = await team.rest<{ nextCursor: string }>('GET', '/chat?limit=1');
  const { status, apiError } = await team.rest('GET', '/search', {
    query: { q: 'a', cursor: body.nextCursor },
  });
  expect([status, apiError.code]).toEqual([400, 'invalid_cursor']);
});
