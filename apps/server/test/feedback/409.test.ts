import { scripts } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { type OneAnswer, startHarness } from '../harness.ts';
import { unchanged } from '../support/unchanged.ts';

const { makeTeam, mongo, model } = await startHarness();
const team = await makeTeam();

const rate = ({ chatId, messageId }: OneAnswer) =>
  team.rest('PUT', `/chat/${chatId}/message/${messageId}/feedback`, { body: { rating: 'up' } });

test('feedback on a failed answer returns 409 not_rateable', async () => {
  const failed = await team.failed();
  const { status, apiError } = await unchanged(mongo.raw, () => rate(failed));
  expect([status, apiError.code]).toEqual([409, 'not_rateable']);
});

test('feedback on a running answer returns 409 not_rateable', async () => {
  const { id: chatId } = await team.makeChat();
  model.replyTo('rated too early', scripts.neverEnding('so far'));
  const { body } = await team.send(chatId, 'rated too early', {
    body: { content: 'rated too early', role: 'user', wait: false },
  });
  const answer = { chatId, messageId: body.id };
  expect((await rate(answer)).apiError.code).toBe('not_rateable');
  expect(await mongo.raw.collection('feedback').countDocuments()).toBe(0);
  await team.trpc.message.cancel.mutate(answer);
});
