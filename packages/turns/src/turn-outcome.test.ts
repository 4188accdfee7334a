import { mintId } from '@parley/contract';
import type { ChatAccess, TurnRecord } from '@parley/db';
import { describe, expect, test } from 'vitest';
import { findOutcome, isCancelledBeforeRun, outcomeOf, tapeOfOutcome } from './turn-outcome.ts';

const answerId = mintId('message');
const answer = { id: answerId, role: 'assistant', content: 'text', createdAt: new Date(0) } as const;

function newRecord(fields: Partial<TurnRecord>): TurnRecord {
  const ids = { id: mintId('turn'), team: mintId('team'), chat: mintId('chat'), answerId };
  const rest = { sequence: 1, status: 'queued', takeovers: 0, isCancelled: false, createdAt: new Date(0) };
  return { ...ids, ...rest, ...fields } as TurnRecord;
}

const lease = (attempt: number) => ({ token: 't', attempt, renewals: 0 });

describe('outcomeOf', () => {
  test.each([
    ['that waits', { status: 'queued' }, undefined],
    ['that runs', { status: 'generating', lease: lease(1) }, undefined],
    ['that runs and is cancelled', { status: 'generating', lease: lease(1), isCancelled: true }, undefined],
    ['that was cancelled before its first run', { isCancelled: true }, { kind: 'empty', attempt: 0 }],
    ['that was cancelled when it had run', { isCancelled: true, lease: lease(1) }, undefined],
    [
      'that ended with its text',
      { status: 'completed', answer, written: { attempt: 2, text: 'text' }, lease: lease(3) },
      { kind: 'answered', status: 'completed', answer, attempt: 2 },
    ],
    [
      'that was stopped with text',
      { status: 'stopped', answer, written: { attempt: 1, text: 'text' }, lease: lease(1) },
      { kind: 'answered', status: 'stopped', answer, attempt: 1 },
    ],
    ['that was stopped before a word', { status: 'stopped', lease: lease(2) }, { kind: 'empty', attempt: 2 }],
    [
      'that failed with text',
      { status: 'failed', errorCode: 'model_failed', written: { attempt: 1, text: 'ha' }, lease: lease(2) },
      { kind: 'failed', errorCode: 'model_failed', attempt: 1, text: 'ha' },
    ],
    [
      'that failed without',
      { status: 'failed', errorCode: 'interrupted', lease: lease(3) },
      { kind: 'failed', errorCode: 'interrupted', attempt: 3, text: '' },
    ],
  ] as const)('outcomeOf returns the outcome of a stored turn %s', (_name, fields, outcome) => {
    expect(outcomeOf(newRecord(fields))).toEqual(outcome);
  });
});

test('only a turn that was cancelled before its first run is sure to stop', () => {
  expect(isCancelledBeforeRun({ status: 'queued', isCancelled: true }, 0)).toBe(true);
  expect(isCancelledBeforeRun({ status: 'queued', isCancelled: true }, 1)).toBe(false);
  expect(isCancelledBeforeRun({ status: 'queued', isCancelled: false }, 0)).toBe(false);
  expect(isCancelledBeforeRun({ status: 'generating', isCancelled: true }, 0)).toBe(false);
});

test('the tape of an outcome is what readers received', () => {
  expect(tapeOfOutcome({ kind: 'answered', status: 'stopped', answer, attempt: 1 })).toBe('text');
  expect(tapeOfOutcome({ kind: 'failed', errorCode: 'model_failed', attempt: 1, text: 'ha' })).toBe('ha');
  expect(tapeOfOutcome({ kind: 'empty', attempt: 1 })).toBe('');
});

describe('findOutcome', () => {
  const find = (turn: TurnRecord | undefined, hasChat: boolean) =>
    findOutcome(
      {
        turns: { find: async () => turn },
        chats: { find: async () => (hasChat ? {} : undefined) },
      } as unknown as Parameters<typeof findOutcome>[0],
      { scope: {}, chat: { id: mintId('chat') } } as ChatAccess,
      mintId('turn'),
    );

  test('a missing turn is deleted if its chat was deleted, and unknown otherwise', async () => {
    expect(await find(undefined, false)).toEqual({ kind: 'deleted' });
    expect(await find(undefined, true)).toBeUndefined();
    expect(await find(newRecord({ status: 'stopped', lease: lease(1) }), true)).toEqual({
      kind: 'empty',
      attempt: 1,
    });
  });
});
