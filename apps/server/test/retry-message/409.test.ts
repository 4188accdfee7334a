import { scripts } from '@parley/agent/testing';
import { limits } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { type OneAnswer, startHarness } from '../harness.ts';
import { rest } from '../support/client.ts';
import { openStream } from '../support/event-stream.ts';
import { storedTurns } from '../support/stored-turns.ts';
import { unchanged } from '../support/unchanged.ts';

const { makeTeam, model, mongo, url, startReplica } = await startHarness();
const replica = await startReplica();
const team = await makeTeam();

const retry = ({ chatId, messageId }: OneAnswer, base = url) =>
  rest(base, 'POST', `/chat/${chatId}/message/${messageId}/retry`, { key: team.secretKey });

describe('not_retryable', () => {
  test('a running answer returns 409 not_retryable', async () => {
    const { id: chatId } = await team.makeChat();
    model.replyTo('still at it', scripts.neverEnding('so far'));
    const { body } = await team.send(chatId, 'still at it', {
      body: { content: 'still at it', role: 'user', wait: false },
    });
    const answer = { chatId, messageId: body.id } as OneAnswer;
    expect((await retry(answer)).apiError.code).toBe('not_retryable');
    await team.trpc.message.cancel.mutate(answer);
    expect(await storedTurns(mongo.raw, chatId)).toHaveLength(1);
  });

  test('a failed answer that was already retried returns 409 not_retryable', async () => {
    const failed = await team.failed();
    expect((await retry(failed)).status).toBe(200);
    expect((await unchanged(mongo.raw, () => retry(failed))).apiError.code).toBe('not_retryable');
  });

  test('a retry as a stream returns 409 not_retryable as JSON', async () => {
    const { chatId, messageId } = await team.failed();
    await retry({ chatId, messageId });
    const path = `/chat/${chatId}/message/${messageId}/retry`;
    expect(await openStream(url, 'POST', path, { key: team.secretKey })).toMatchObject({
      status: 409,
      apiError: { code: 'not_retryable' },
    });
  });
});

test.each([
  ['one server', [url]],
  ['two servers', [url, replica.url]],
])('one of ten concurrent retries on %s is accepted', async (_, bases) => {
  const failed = await team.failed();
  const calls = model.calls().length;
  const answers = await Promise.all(
    Array.from({ length: 10 }, (__, index) => retry(failed, bases[index % bases.length])),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(9).fill(409)]);
  expect(await storedTurns(mongo.raw, failed.chatId)).toHaveLength(2);
  expect(model.calls().length).toBe(calls + 1);
});

test('a retry and a concurrent message are stored one after the other, or the retry is rejected', async () => {
  for (let round = 0; round < 6; round++) {
    const failed = await team.failed();
    const [retried, sent] = await Promise.all([
      retry(failed, round % 2 ? url : replica.url),
      team.send(failed.chatId, `new ${round}`),
    ]);
    expect(sent.status).toBe(200);
    const turns = await storedTurns(mongo.raw, failed.chatId);
    expect(turns.map(({ sequence }) => sequence)).toEqual(turns.map((_, index) => index + 1));
    expect(turns).toHaveLength(retried.status === 200 ? 3 : 2);
    if (retried.status !== 200) expect(retried.apiError.code).toBe('chat_busy');
    // A retry that came after the answer to the message is a version beside it.
    else
      expect(turns.flatMap(({ messages }) => messages.map(({ content }) => content))).toContain(
        `new ${round}`,
      );
  }
});

test('a chat with 10,000 messages rejects a retry with chat_full', async () => {
  const failed = await team.failed();
  await mongo.raw
    .collection('turns')
    .updateOne({ chat: failed.chatId }, { $set: { sequence: limits.chatMessagesMax / 2 } });
  expect((await retry(failed)).apiError.code).toBe('chat_full');
});
