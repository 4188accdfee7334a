import { scripts } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam, model, startReplica } = await startHarness();
const replica = await startReplica();
const team = await makeTeam();

const chat = await team.makeChat();
const { body: answer } = await team.send(chat.id, 'hello');
model.replyTo('running', scripts.neverEnding('so far'));
const running = await team.makeChat();
const { body: runningAnswer } = await team.send(running.id, 'running', {
  body: { content: 'running', role: 'user', wait: false },
});
const theirs = await (await makeTeam()).answered();

test.each([
  ['an answer of another team', theirs],
  ["another team's answer in the caller's own chat", { ...theirs, chatId: chat.id }],
  ["an own answer in another team's chat", { chatId: theirs.chatId, messageId: answer.id }],
  ['an answer of another chat', { chatId: running.id, messageId: answer.id }],
  ['a running answer of another chat', { chatId: chat.id, messageId: runningAnswer.id }],
  ["the user's own message", { chatId: chat.id, messageId: answer.userMessageId }],
  ['the id of the chat', { chatId: chat.id, messageId: chat.id as never }],
  ['an unknown id', { chatId: chat.id, messageId: 'nope' as never }],
  ['an answer of an unknown chat', { chatId: 'nope' as never, messageId: answer.id }],
])('%s is 404 message_not_found on every server', async (_, { chatId, messageId }) => {
  for (const request of [{}, { url: replica.url }, { after: '1-1-4' }]) {
    const stream = await team.resume({ chatId, messageId }, request);
    expect(stream).toMatchObject({ status: 404, apiError: { code: 'message_not_found' } });
    expect(stream.apiError).not.toHaveProperty('messageId');
  }
});

test('an answer of a deleted chat is 404 on every server', async () => {
  const deleted = await team.answered();
  await team.rest('DELETE', `/chat/${deleted.chatId}`);
  for (const request of [{}, { url: replica.url }]) {
    expect(await team.resume(deleted, request)).toMatchObject({
      status: 404,
      apiError: { code: 'message_not_found' },
    });
  }
});
