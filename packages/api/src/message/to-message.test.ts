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

test('a user’s message with its answer in the list carries neither a status nor an id of it', () => {
  expect(toMessage(question)).toEqual(plain);
});

test.each(['queued', 'generating', 'stopped'] as const)(
  'a user’s message without an answer in the list says how that stands (%s), and its id',
  (status) => {
    expect(toMessage({ ...question, status, isAnswered: false })).toEqual({
      ...plain,
      status,
      answerId: question.answerId,
    });
  },
);

test('a user’s message whose answer failed says why, and names the answer to retry', () => {
  const failed = { ...question, status: 'failed', errorCode: 'model_failed', isAnswered: false } as const;
  expect(toMessage(failed)).toEqual({
    ...plain,
    status: 'failed',
    errorCode: 'model_failed',
    answerId: question.answerId,
  });
});

test.each(['completed', 'stopped'] as const)('an answer carries how it ended (%s)', (status) => {
  const answer: ListedMessage = { ...question, id: question.answerId, role: 'assistant', status };
  expect(toMessage(answer)).toEqual({ ...plain, id: question.answerId, role: 'assistant', status });
});
