import { expect, test } from 'vitest';
import { type OneAnswer, startHarness } from '../harness.ts';
import { unchanged } from '../support/unchanged.ts';

const { makeTeam, mongo } = await startHarness();
const team = await makeTeam();
const failed = await team.failed();
const elsewhere = await team.failed();
const theirs = await (await makeTeam()).failed();
const [question] = (await team.trpc.message.list.query({ chatId: failed.chatId })).messages;

test.each([
  ['an answer of another team', theirs],
  ["another team's answer in the caller's own chat", { ...theirs, chatId: failed.chatId }],
  ['an answer of another chat', { chatId: failed.chatId, messageId: elsewhere.messageId }],
  ["the user's own message", { chatId: failed.chatId, messageId: question?.id }],
  ['an unknown id', { chatId: failed.chatId, messageId: 'nope' }],
  ['an answer of an unknown chat', { chatId: 'nope', messageId: failed.messageId }],
] as [string, OneAnswer][])('%s is 404 message_not_found', async (_, { chatId, messageId }) => {
  const { status, apiError } = await unchanged(mongo.raw, () =>
    team.rest('POST', `/chat/${chatId}/message/${messageId}/retry`),
  );
  expect(status).toBe(404);
  expect(apiError.code).toBe('message_not_found');
});

test('a failed answer of a deleted chat is 404', async () => {
  const deleted = await team.failed();
  await team.rest('DELETE', `/chat/${deleted.chatId}`);
  const answer = await team.rest('POST', `/chat/${deleted.chatId}/message/${deleted.messageId}/retry`);
  expect(answer).toMatchObject({ status: 404, apiError: { code: 'message_not_found' } });
});
