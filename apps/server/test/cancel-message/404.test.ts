import { scripts } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { type OneAnswer, startHarness } from '../harness.ts';
import { storedTurns } from '../support/stored-turns.ts';

const { makeTeam, model, mongo } = await startHarness();
const team = await makeTeam();
const other = await makeTeam();

const { chatId, messageId } = await team.answered();
const elsewhere = await team.answered();
model.replyTo('theirs, running', scripts.neverEnding('so far'));
const theirChat = await other.makeChat();
const { body: theirAnswer } = await other.send(theirChat.id, 'theirs, running', {
  body: { content: 'theirs, running', role: 'user', wait: false },
});
const theirs: OneAnswer = { chatId: theirChat.id, messageId: theirAnswer.id };
const [question] = (await team.trpc.message.list.query({ chatId })).messages;

test.each([
  ["another team's running answer", theirs],
  ["another team's answer in the caller's own chat", { ...theirs, chatId }],
  ['an answer of another chat', { chatId, messageId: elsewhere.messageId }],
  ["the user's own message", { chatId, messageId: question?.id }],
  ['an unknown id', { chatId, messageId: 'nope' }],
  ['an answer of an unknown chat', { chatId: 'nope', messageId }],
] as [string, OneAnswer][])('%s is 404 message_not_found, and nothing is stopped', async (_, answer) => {
  const path = `/chat/${answer.chatId}/message/${answer.messageId}/cancel`;
  const before = await ownTurns();
  const { status, apiError } = await team.rest('POST', path);
  expect(status).toBe(404);
  expect(apiError.code).toBe('message_not_found');
  expect(await ownTurns()).toEqual(before);
  const [turn] = await storedTurns(mongo.raw, theirs.chatId);
  expect(turn).toMatchObject({ status: 'generating' });
  expect(turn).not.toHaveProperty('isCancelled');
});

/** Without the marks that the count of their usage removes in the background. */
const ownTurns = () => {
  const projection = { isUncounted: 0, reservations: 0 };
  return mongo.raw.collection('turns').find({ team: team.id }, { projection }).toArray();
};

test('an answer of a deleted chat is 404', async () => {
  const deleted = await team.answered();
  await team.rest('DELETE', `/chat/${deleted.chatId}`);
  const answer = await team.rest('POST', `/chat/${deleted.chatId}/message/${deleted.messageId}/cancel`);
  expect(answer).toMatchObject({ status: 404, apiError: { code: 'message_not_found' } });
});
