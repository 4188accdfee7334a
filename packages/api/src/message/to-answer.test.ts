import { answerIdOf, mintId } from '@parley/contract';
import type { TurnRecord } from '@parley/db';
import type { AcceptedTurn } from '@parley/turns';
import { describe, expect, test } from 'vitest';
import { toAnswer, toAnswerState, toRepeatedAnswer, toUnfinishedAnswer } from './to-answer.ts';

const turn = mintId('turn');
const acceptedAt = new Date('2026-01-01T00:00:00.000Z');
const answeredAt = new Date('2026-01-01T00:00:05.000Z');

const accepted: AcceptedTurn = {
  turn,
  chat: mintId('chat'),
  userMessageId: mintId('message'),
  answerId: answerIdOf(turn),
  createdAt: acceptedAt,
  isReplay: false,
  isStarted: true,
};

const answer = {
  id: accepted.answerId,
  role: 'assistant' as const,
  content: 'hello',
  createdAt: answeredAt,
};

const common = {
  id: accepted.answerId,
  chatId: accepted.chat,
  role: 'assistant',
  userMessageId: accepted.userMessageId,
};

function newRecord(fields: Partial<TurnRecord>): TurnRecord {
  const { chat, userMessageId, answerId, createdAt } = accepted;
  const userMessage = { id: userMessageId, role: 'user' as const, content: 'q', createdAt };
  const record = { id: turn, team: mintId('team'), chat, sequence: 1, takeovers: 0, isCancelled: false };
  return { ...record, status: 'queued', userMessage, answerId, createdAt, ...fields };
}

describe('a request that waited', () => {
  test.each(['completed', 'stopped'] as const)(
    'a request that waited gets the text, the status %s, and the time of the answer',
    (status) => {
      expect(toAnswer(accepted, { kind: 'answered', status, answer, attempt: 1 })).toEqual({
        ...common,
        content: 'hello',
        status,
        createdAt: answeredAt.toISOString(),
      });
    },
  );

  test('a request that waited gets the status stopped and no text if the answer was stopped before its first word', () => {
    expect(toAnswer(accepted, { kind: 'empty', attempt: 0 })).toEqual({
      ...common,
      content: '',
      status: 'stopped',
      createdAt: acceptedAt.toISOString(),
    });
  });

  test('a request that waited gets the error of a failed turn and the id to retry, without the text of the failed run', () => {
    const outcome = { kind: 'failed', errorCode: 'model_failed', attempt: 1, text: 'half' } as const;
    expect(() => toAnswer(accepted, outcome)).toThrow(
      expect.objectContaining({ code: 'model_failed', facts: { messageId: accepted.answerId } }),
    );
  });

  test('a request that waited gets an error if the chat was deleted, or the answer continues on another server', () => {
    expect(() => toAnswer(accepted, { kind: 'deleted' })).toThrow(
      expect.objectContaining({ code: 'chat_not_found' }),
    );
    expect(() => toAnswer(accepted, { kind: 'handed-over' })).toThrow(
      expect.objectContaining({ code: 'draining', facts: { messageId: accepted.answerId } }),
    );
  });
});

test('a request that does not wait gets the status generating or queued', () => {
  expect(toUnfinishedAnswer(accepted)).toEqual({
    ...common,
    content: '',
    status: 'generating',
    createdAt: acceptedAt.toISOString(),
  });
  expect(toUnfinishedAnswer({ ...accepted, isStarted: false })).toMatchObject({ status: 'queued' });
});

describe('a stored answer', () => {
  test.each([
    ['queued', {}],
    ['generating', { lease: { token: 't', attempt: 1, renewals: 0 } }],
  ] as const)('a stored answer with the status %s has no text yet', (status, fields) => {
    const record = newRecord({ status, ...fields });
    const state = { ...common, content: '', status, createdAt: acceptedAt.toISOString() };
    expect(toAnswerState(record)).toEqual(state);
    expect(toRepeatedAnswer(record)).toEqual(state);
  });

  test('a stored answer is stopped as soon as it is cancelled while it waits', () => {
    expect(toAnswerState(newRecord({ isCancelled: true }))).toMatchObject({ status: 'stopped', content: '' });
    expect(toAnswerState(newRecord({ isCancelled: true, status: 'generating' }))).toMatchObject({
      status: 'generating',
    });
  });

  test('a stored answer has its text and its time after it has ended', () => {
    const record = newRecord({ status: 'completed', answer, written: { attempt: 1, text: 'hello' } });
    const state = { ...common, content: 'hello', status: 'completed', createdAt: answeredAt.toISOString() };
    expect(toAnswerState(record)).toEqual(state);
    expect(toRepeatedAnswer(record)).toEqual(state);
  });

  test('a stored answer has the code of its failure and no text; a repeated request gets that error', () => {
    const record = newRecord({
      status: 'failed',
      errorCode: 'model_timeout',
      written: { attempt: 1, text: 'half' },
    });
    expect(toAnswerState(record)).toMatchObject({
      status: 'failed',
      errorCode: 'model_timeout',
      content: '',
    });
    expect(() => toRepeatedAnswer(record)).toThrow(
      expect.objectContaining({ code: 'model_timeout', facts: { messageId: accepted.answerId } }),
    );
  });

  test('a stored answer of a retry has the id of the message that it answers again', () => {
    const { userMessage: _, ...record } = newRecord({
      retryOf: { turn: mintId('turn'), userMessageId: accepted.userMessageId },
    });
    expect(toAnswerState(record)).toMatchObject({ userMessageId: accepted.userMessageId });
  });
});
