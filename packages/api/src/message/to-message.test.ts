import { answerIdOf, mintId } from '@parley/contract';
import type { ListedMessage } from '@parley/db';
import { expect, test } from 'vitest';
import { toMessage } from './to-message.ts';

const createdAt = new Date('2026-01-01T00:00:00.000Z');
const question: ListedMessage = {
  id: mintId('message'),
  role: 'user',
  content: 'q',
  createdAt,
  status: 'completed',
  answerId: answerIdOf(mintId('turn')),
  isAnswered: true,
};
const plain = { id: question.id, role: 'user', content: 'q', createdAt: createdAt.toISOString() };

test('a user’s message has neither a status nor the id of its answer if the list contains the answer', () => {
  expect(toMessage(question)).toEqual(plain);
});

test.each(['queued', 'generating', 'stopped'] as const)(
  'a user’s message has the status of its answer (%s) and its id if the list does not contain the answer',
  (status) => {
    expect(toMessage({ ...question, status, isAnswered: false })).toEqual({
      ...plain,
      status,
      answerId: question.answerId,
    });
  },
);

test('a user’s message has the code of a failed answer, and the id to retry', () => {
  const failed = { ...question, status: 'failed', errorCode: 'model_failed', isAnswered: false } as const;
  expect(toMessage(failed)).toEqual({
    ...plain,
    status: 'failed',
    errorCode: 'model_failed',
    answerId: question.answerId,
  });
});

test('a user’s message whose answer failed says when the model’s server takes requests again', () => {
  const retryAt = new Date('2026-01-01T00:05:00.000Z');
  const failed = {
    ...question,
    status: 'failed',
    errorCode: 'model_rate_limited',
    isAnswered: false,
  } as const;
  expect(toMessage({ ...failed, retryAt })).toMatchObject({ retryAt: retryAt.toISOString() });
});

test.each(['completed', 'stopped'] as const)('an answer carries how it ended (%s)', (status) => {
  const answer: ListedMessage = { ...question, id: question.answerId, role: 'assistant', status };
  expect(toMessage(answer)).toEqual({ ...plain, id: question.answerId, role: 'assistant', status });
});
