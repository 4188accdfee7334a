import { describe, expect, test } from 'vitest';
import { checkHistory } from './check-history.ts';
import type { ChatHistory, ReaderConnection, RequestHistory, StoredTurn } from './history.ts';

/* A history that keeps every promise, and the offence for each broken promise. */

const first: StoredTurn = {
  id: 'turn_1',
  sequence: 1,
  status: 'completed',
  userMessage: { id: 'msg_q1', content: 'q1' },
  answerId: 'msg_1',
  answer: { id: 'msg_1', content: '<1> hello', finishReason: 'stop' },
  written: { attempt: 1, text: '<1> hello' },
  attempts: 1,
};

const second: StoredTurn = {
  id: 'turn_2',
  sequence: 2,
  status: 'failed',
  userMessage: { id: 'msg_q2', content: 'q2' },
  answerId: 'msg_2',
  answer: { id: 'msg_2', content: '<2>' },
  written: { attempt: 1, text: '<2>' },
  errorCode: 'model_failed',
  attempts: 1,
};

const firstRequest: RequestHistory = {
  name: 'request 1',
  content: 'q1',
  idempotencyKey: 'key',
  sentAt: 1,
  knownAt: 2,
  result: {
    kind: 'accepted',
    answerId: 'msg_1',
    userMessageId: 'msg_q1',
    isReplay: false,
    end: { status: 'completed', text: '<1> hello' },
  },
};

const nextRequest: RequestHistory = {
  name: 'request 2',
  content: 'q2',
  sentAt: 3,
  knownAt: 4,
  result: { kind: 'accepted', answerId: 'msg_2', userMessageId: 'msg_q2', isReplay: false },
};

const begun: ReaderConnection = {
  events: [
    {
      cursor: { attempt: 0, part: 0, offset: 0 },
      event: { type: 'start', messageId: 'msg_1', userMessageId: 'msg_q1' },
    },
    { cursor: { attempt: 1, part: 1, offset: 0 }, event: { type: 'text-start' } },
    { cursor: { attempt: 1, part: 1, offset: 3 }, event: { type: 'text-delta', text: '<1>' } },
  ],
};

const ended: ReaderConnection = {
  from: { attempt: 1, part: 1, offset: 3 },
  events: [
    { cursor: { attempt: 1, part: 1, offset: 9 }, event: { type: 'text-delta', text: ' hello' } },
    { cursor: { attempt: 1, part: 2, offset: 9 }, event: { type: 'text-end' } },
    {
      cursor: { attempt: 1, part: 3, offset: 0 },
      event: { type: 'end', status: 'completed', finishReason: 'stop' },
    },
  ],
};

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

const kept: ChatHistory = {
  chat: 'chat',
  isDeleted: false,
  wasDeletionRequested: false,
  turns: [first, second],
  requests: [firstRequest, nextRequest],
  readers: [{ name: 'reader', answerId: 'msg_1', connections: [begun, ended] }],
  chatReaders: [
    {
      name: 'follower',
      events: [
        { type: 'message-accepted', answerId: 'msg_1', userMessageId: 'msg_q1' },
        { type: 'answer-started', messageId: 'msg_1' },
        { type: 'answer-delta', messageId: 'msg_1', text: '<1> hello' },
        { type: 'message-accepted', answerId: 'msg_2', userMessageId: 'msg_q2' },
        { type: 'answer-ended', messageId: 'msg_1', status: 'completed', finishReason: 'stop' },
      ],
    },
  ],
  calls: [
    { context: [user('q1')], text: '<1> hello' },
    { context: [user('q1'), assistant('<1> hello'), user('q2')], text: '<2> wo' },
  ],
  stopRequestedFor: new Set(),
};

const check = (fields: Partial<ChatHistory>) =>
  checkHistory({ chats: [{ ...kept, ...fields }], takeoversMax: 2, handovers: 0, modelsMax: 1 });

const reading = (...connections: ReaderConnection[]) => ({
  readers: [{ name: 'reader', answerId: 'msg_1', connections }],
});

test('a history that keeps every promise has no offence', () => {
  expect(check({})).toEqual([]);
});

test('a failed answer that lost its shown text is an offence', () => {
  const { answer: _, ...lost } = second;
  expect(check({ turns: [first, lost] })).toEqual([
    'chat: turn 2 (turn_2) failed, and its answer is not the shown text',
  ]);
});

test('a history with release 0.1.0 in it may lack finish reasons', () => {
  const turns = [{ ...first, answer: { id: 'msg_1', content: '<1> hello' } }, second];
  const history = { takeoversMax: 2, handovers: 0, modelsMax: 1, chats: [{ ...kept, turns }] };
  expect(checkHistory({ ...history, hasOlderRelease: true })).toEqual([]);
  expect(checkHistory(history)).not.toEqual([]);
});

describe('checkHistory', () => {
  test.each<[string, Partial<ChatHistory>, RegExp]>([
    ['an acknowledged message that is not stored', { turns: [first] }, /request 2 was acknowledged .* lost/],
    [
      'a rejected message that is stored',
      { requests: [{ ...firstRequest, result: { kind: 'refused', code: 'queue_full' } }, nextRequest] },
      /request 1 was refused \(queue_full\) and is stored/,
    ],
    ['a message stored twice', { turns: [first, second, { ...first, sequence: 3 }] }, /a second time/],
    ['a gap in the sequence', { turns: [first, { ...second, sequence: 3 }] }, /is at place 2/],
    ['a turn that never ended', { turns: [{ ...first, status: 'queued' }, second] }, /never ended/],
    [
      'a stop without a request for it',
      { turns: [{ ...first, status: 'stopped' }, second] },
      /was stopped without a request/,
    ],
    [
      'an end by a run that did not hold the turn',
      { turns: [{ ...first, attempts: 2 }, second] },
      /completed by run 1, and held by run 2/,
    ],
    [
      'a completed answer without its finish reason',
      { turns: [{ ...first, answer: { id: 'msg_1', content: '<1> hello' } }, second] },
      /is completed with finish reason undefined/,
    ],
    [
      'an answer that no call wrote',
      { calls: [{ context: [user('q1')], text: '<3> other' }, ...kept.calls.slice(1)] },
      /which no call for its message wrote/,
    ],
    [
      'a context that differs from the preceding turns',
      { calls: [...kept.calls.slice(0, 1), { context: [user('q1\n\nq2')], text: '<2>' }] },
      /stored before that turn is/,
    ],
    [
      'a context that the model’s server would reject',
      { calls: [...kept.calls, { context: [user('q1'), user('q2')], text: '<3>' }] },
      /illegal context/,
    ],
    [
      'too many calls of the model',
      { calls: [...kept.calls, ...Array.from({ length: 3 }, () => kept.calls[0]).filter((call) => !!call)] },
      /called 4 times for "q1"/,
    ],
    [
      'an end that was reported and is not stored',
      { turns: [{ ...first, answer: { id: 'msg_1', content: '<1>', finishReason: 'stop' } }, second] },
      /got "<1> hello"; stored is "<1>"/,
    ],
    [
      'a key with two answers',
      { requests: [firstRequest, { ...nextRequest, idempotencyKey: 'key' }] },
      /its key belongs to msg_1/,
    ],
    [
      'an order other than that of acknowledgement',
      { requests: [{ ...firstRequest, sentAt: 5, knownAt: 6 }, nextRequest] },
      /request 1 was put before request 2/,
    ],
    [
      'a retry of a turn that is not an earlier one',
      {
        turns: [
          first,
          {
            ...second,
            userMessage: undefined,
            retryOf: { turn: 'turn_9', userMessageId: 'msg_q1' },
          } as never,
        ],
      },
      /retries turn_9/,
    ],
    [
      'a deleted chat without a request for it',
      { isDeleted: true, turns: [] },
      /was deleted without a request/,
    ],
    [
      'a deleted chat that still has turns',
      { isDeleted: true, wasDeletionRequested: true },
      /still has 2 turns/,
    ],
  ])('checkHistory reports %s', (_, fields, offence) => {
    expect(check(fields).join('\n')).toMatch(offence);
  });
});

describe('checkHistory of readers', () => {
  const [start, open, delta] = begun.events;
  const [rest, closed, end] = ended.events;
  if (!start || !open || !delta || !rest || !closed || !end) throw new Error('the example is incomplete');
  const from = { attempt: 1, part: 1, offset: 3 };

  test.each<[string, ReaderConnection[], RegExp]>([
    ['repeated text', [begun, { from, events: [delta, rest] }], /text-delta came at 1-1-3 with 6 units/],
    ['missing text', [begun, { from, events: [closed, end] }], /shown "<1>" to the end/],
    ['an event after the end', [begun, ended, { ...ended, from: end.cursor }], /came after the end/],
    [
      'another finish reason than the stored one',
      [
        begun,
        {
          ...ended,
          events: [rest, closed, { ...end, event: { ...end.event, finishReason: 'length' } as never }],
        },
      ],
      /received completed length; stored is completed stop/,
    ],
    ['an end without its text', [{ events: [start, end] }], /shown "" to the end/],
    [
      'text of another run without a snapshot',
      [begun, { from, events: [{ ...rest, cursor: { ...rest.cursor, attempt: 2 } }] }],
      /run 2 went on after "<1>" of run 1/,
    ],
    ['a stream from the start that does not start', [{ events: [delta] }], /began with text-delta/],
    [
      'text that no call wrote',
      [{ events: [start, open, { ...delta, event: { type: 'text-delta', text: '<9>' } }] }],
      /"<9>" was shown, which no call wrote/,
    ],
  ])('checkHistory reports a reader with %s', (_, connections, offence) => {
    expect(check(reading(...connections)).join('\n')).toMatch(offence);
  });

  test('checkHistory accepts a snapshot of another run', () => {
    const again = { attempt: 2, part: 1, offset: 9 };
    const restarted: ReaderConnection = {
      from,
      events: [
        { cursor: again, event: { type: 'snapshot', text: '<1> hello' } },
        { cursor: { ...again, part: 2 }, event: { type: 'text-end' } },
        {
          cursor: { attempt: 2, part: 3, offset: 0 },
          event: { type: 'end', status: 'completed', finishReason: 'stop' },
        },
      ],
    };
    expect(check(reading(begun, restarted))).toEqual([]);
  });
});

describe('checkHistory of followers', () => {
  const events = kept.chatReaders[0]?.events ?? [];
  test.each<[string, ChatHistory['chatReaders'][number]['events'], RegExp]>([
    ['a repeated end', [...events, ...events.slice(-1)], /received the end of msg_1 twice/],
    ['a missing message', [...events.slice(0, 1), ...events.slice(0, 1)], /turn 1 after turn 1/],
    ['text after the end', [...events, ...events.slice(2, 3)], /came after its end/],
    ['a deletion that did not happen', [{ type: 'chat-deleted' }], /received a deletion of the chat/],
  ])('checkHistory reports a follower with %s', (_, events, offence) => {
    expect(check({ chatReaders: [{ name: 'follower', events }] }).join('\n')).toMatch(offence);
  });
});
