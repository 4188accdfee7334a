import { markerIdOf, turnIdOf } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { type OneAnswer, startHarness } from '../harness.ts';
import { everythingIn } from '../support/everything.ts';
import { unchanged } from '../support/unchanged.ts';

const { makeTeam, mongo } = await startHarness();
const team = await makeTeam();
const own = await team.answered();
const elsewhere = await team.answered();
const theirs = await (await makeTeam()).answered();
const [question] = (await team.trpc.message.list.query({ chatId: own.chatId })).messages;

const pathOf = ({ chatId, messageId }: OneAnswer) => `/chat/${chatId}/message/${messageId}/feedback`;
const rate = (answer: OneAnswer) => team.rest('PUT', pathOf(answer), { body: { rating: 'up' } });
const takeBack = (answer: OneAnswer) => team.rest('DELETE', pathOf(answer));

describe.each([
  ['an answer of another team', theirs],
  ["another team's answer in the caller's own chat", { ...theirs, chatId: own.chatId }],
  ['an answer of another chat', { chatId: own.chatId, messageId: elsewhere.messageId }],
  ["the user's own message", { chatId: own.chatId, messageId: question?.id }],
  ['an unknown id', { chatId: own.chatId, messageId: 'nope' }],
  ['an answer of an unknown chat', { chatId: 'nope', messageId: own.messageId }],
] as [string, OneAnswer][])('%s', (_, answer) => {
  test('feedback on it is 404 message_not_found and stores nothing', async () => {
    for (const request of [rate, takeBack]) {
      const { status, apiError } = await unchanged(mongo.raw, () => request(answer));
      expect([status, apiError.code]).toEqual([404, 'message_not_found']);
    }
  });
});

test("feedback on another user's answer is 404 and stores nothing", async () => {
  const chat = await team.makeChat({ userId: 'ann' });
  const { body } = await team.send(chat.id, 'hello');
  const ben = { key: await team.guestKey(), headers: { 'x-user-token': await team.userToken('ben') } };
  const path = pathOf({ chatId: chat.id, messageId: body.id });
  const request = { ...ben, body: { rating: 'up' } };
  const { status, apiError } = await unchanged(mongo.raw, () => team.rest('PUT', path, request));
  expect([status, apiError.code]).toEqual([404, 'message_not_found']);
});

describe('a deleted chat', () => {
  const canary = 'a comment that must not stay';
  const rated = async () => {
    const answer = await team.answered();
    await team.rest('PUT', pathOf(answer), { body: { rating: 'down', comment: canary } });
    return answer;
  };

  test('feedback in a deleted chat is removed before the deletion is answered', async () => {
    const answer = await rated();
    expect(JSON.stringify(await everythingIn(mongo.raw))).toContain(canary);
    await team.rest('DELETE', `/chat/${answer.chatId}`);
    expect(JSON.stringify(await everythingIn(mongo.raw))).not.toContain(canary);
    expect((await rate(answer)).apiError.code).toBe('message_not_found');
    const marker = markerIdOf(answer.chatId).replace('turn_', 'msg_') as OneAnswer['messageId'];
    expect(turnIdOf(marker)).toBeDefined();
    expect((await rate({ ...answer, messageId: marker })).apiError.code).toBe('message_not_found');
  });

  test('feedback that is given while the chat is deleted does not outlive it', async () => {
    for (let repetition = 0; repetition < 10; repetition++) {
      const answer = await team.answered();
      const body = { rating: 'up', comment: canary };
      const [, ...given] = await Promise.all([
        team.rest('DELETE', `/chat/${answer.chatId}`),
        ...Array.from({ length: 4 }, () => team.rest('PUT', pathOf(answer), { body })),
      ]);
      for (const { status } of given) expect([200, 404]).toContain(status);
      expect(await mongo.raw.collection('feedback').countDocuments({ comment: canary })).toBe(0);
    }
  });
});
