import { limits } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { unchanged } from '../support/unchanged.ts';

const { makeTeam, mongo } = await startHarness();
const team = await makeTeam();
const { chatId, messageId } = await team.answered();
const rate = (body: object) => team.rest('PUT', `/chat/${chatId}/message/${messageId}/feedback`, { body });

test.each([
  ['no rating', {}],
  ['an unknown rating', { rating: 'five stars' }],
  ['an empty comment', { rating: 'up', comment: '' }],
  ['a comment that is too long', { rating: 'up', comment: '🙂'.repeat(limits.feedbackCommentLengthMax + 1) }],
  ['NUL in the comment', { rating: 'up', comment: 'a\0b' }],
  ['an unknown field', { rating: 'up', by: 'user' }],
])('feedback with %s returns 400 and stores nothing', async (_, body) => {
  const { status, apiError } = await unchanged(mongo.raw, () => rate(body));
  expect([status, apiError.code]).toEqual([400, 'invalid_input']);
});

test('the longest comment comes back as it was sent', async () => {
  const comment = '🙂'.repeat(limits.feedbackCommentLengthMax);
  expect((await rate({ rating: 'up', comment })).body).toEqual({ rating: 'up', comment });
});
