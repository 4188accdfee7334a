import { ApiError, mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import { OpenStream } from '../streams/open-stream.ts';
import { awaitAnswer } from './await-answer.ts';

/** The error of a waiting request whose user is blocked while sending the message fails with `error`. */
async function errorOf(error: ApiError): Promise<ApiError> {
  const credentials = {
    key: mintId('key'),
    issuers: [],
    team: mintId('team'),
    origin: { origin: undefined, isOwnPage: false },
  };
  const waiting = new OpenStream(
    { kind: 'answer', credentials, now: 0 },
    () => undefined,
    async () => undefined,
  );
  const answer = awaitAnswer(
    { openWait: async () => waiting },
    async () => ({}),
    async () => {
      waiting.end('user_blocked');
      throw error;
    },
  );
  return await answer.then(
    () => expect.unreachable(),
    (reason) => reason,
  );
}

test('a request that lost its access before its message was accepted gets that error without a messageId', async () => {
  const { code, facts } = await errorOf(new ApiError('overloaded'));
  expect([code, facts.messageId]).toEqual(['user_blocked', undefined]);
});

test('a request that lost its access while it waited gets that error with the messageId of its answer', async () => {
  const messageId = mintId('message');
  const { code, facts } = await errorOf(new ApiError('draining', { messageId }));
  expect([code, facts.messageId]).toEqual(['user_blocked', messageId]);
});

test('a request that lost its access gets no error that claims its message was accepted while this is unknown', async () => {
  const messageId = mintId('message');
  const { code, facts } = await errorOf(new ApiError('database_unavailable', { messageId }));
  expect([code, facts.messageId]).toEqual(['database_unavailable', messageId]);
});
