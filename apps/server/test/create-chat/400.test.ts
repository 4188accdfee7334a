import { limits } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam, mongo } = await startHarness();
const team = await makeTeam();

test.each([
  ['of 257 characters', 'x'.repeat(limits.userIdLengthMax + 1)],
  ['of 257 characters of two UTF-16 units each', '🙂'.repeat(limits.userIdLengthMax + 1)],
  ['without a character', ''],
  ['with NUL', 'a\0'],
])('a userId %s is rejected with the name of its field', async (_, userId) => {
  const { status, apiError } = await team.rest('POST', '/chat', { body: { agentId: team.agent.id, userId } });
  expect(status).toBe(400);
  expect(apiError.issues).toEqual([{ path: 'userId', message: expect.stringMatching(/^must /) }]);
});

test('every wrong field is named, and no submitted value is repeated', async () => {
  const canary = 'canary-value';
  const { apiError } = await team.rest('POST', '/chat', {
    body: { agentId: 5, userId: [canary], metadata: canary, [`x`]: canary },
  });
  expect(apiError.issues?.map(({ path }) => path).toSorted()).toEqual(['agentId', 'metadata', 'userId', 'x']);
  expect(JSON.stringify(apiError)).not.toContain(canary);
});

test('ten thousand unknown fields are answered with a few issues', async () => {
  const fields = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`field${index}`, 1]));
  const { status, apiError, text } = await team.rest('POST', '/chat', { body: fields });
  expect(status).toBe(400);
  expect(apiError.issues?.length).toBeLessThanOrEqual(20);
  expect(text.length).toBeLessThan(5_000);
});

test('a field name of 100,000 characters is answered with a short response', async () => {
  const { text } = await team.rest('POST', '/chat', { body: { ['x'.repeat(100_000)]: 1 } });
  expect(text.length).toBeLessThan(2_000);
});

test('a query on a POST is rejected instead of ignored', async () => {
  const { status, apiError } = await team.rest('POST', '/chat', {
    query: { userId: 'user_1' },
    body: { agentId: team.agent.id },
  });
  expect(status).toBe(400);
  expect(apiError.issues).toEqual([{ path: 'userId', message: 'is not a known query parameter' }]);
});

test('no rejected request created a chat', async () => {
  expect(await mongo.raw.collection('chats').countDocuments()).toBe(0);
});
