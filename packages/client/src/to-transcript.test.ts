import type { Message } from '@parley/contract';
import { expect, test } from 'vitest';
import type { Send, SendState } from './send.ts';
import { runningAnswer, toTranscript } from './to-transcript.ts';
import { type TranscriptEvent, transcriptReducer } from './transcript-reducer.ts';
import { emptyTranscript, type TranscriptState } from './transcript-state.ts';

const at = '2026-01-01T00:00:00.000Z';
const id = (name: string) => `msg_${name}` as Message['id'];
const after = (...events: readonly TranscriptEvent[]) =>
  events.reduce<TranscriptState>(transcriptReducer, emptyTranscript);
const send = (key: string, content: string, state: SendState = { kind: 'sending' }): Send => ({
  key,
  chatId: 'chat_1',
  content,
  createdAt: at,
  state,
});
const accepted = (name: string, content: string): TranscriptEvent => ({
  type: 'message-accepted',
  message: { id: id(name), content, role: 'user', createdAt: at, status: 'queued', answerId: id(`${name}a`) },
  userMessageId: id(name),
  answerId: id(`${name}a`),
});
const sends = (...all: readonly Send[]): TranscriptEvent => ({ type: 'sends-changed', sends: all });
const shown = (state: TranscriptState) => toTranscript(state).map(({ key, content }) => `${key} ${content}`);

test('shows unmatched sends at the end with their state', () => {
  const state = after(accepted('1', 'from elsewhere'), sends(send('k', 'mine')));
  expect(shown(state)).toEqual(['msg_1 from elsewhere', 'msg_1a ', 'k mine']);
  expect(toTranscript(state)[2]).toMatchObject({ send: { state: { kind: 'sending' } } });
});

test('shows the queued answer of an accepted send before the chat reports it', () => {
  const state: SendState = { kind: 'accepted', userMessageId: id('1'), answerId: id('1a') };
  const view = after(sends(send('k', 'mine', state)));
  expect(shown(view)).toEqual(['k mine', 'msg_1a ']);
  expect(runningAnswer(toTranscript(view))).toMatchObject({ messageId: id('1a'), status: 'queued' });
  expect(shown(transcriptReducer(view, accepted('1', 'mine')))).toEqual(['k mine', 'msg_1a ']);
});

test('matches a reported message to the oldest send with its content', () => {
  const state = after(sends(send('k1', 'yes'), send('k2', 'yes')), accepted('1', 'yes'));
  expect(shown(state)).toEqual(['k1 yes', 'msg_1a ', 'k2 yes']);
});

test('corrects a match by content when the ids are known', () => {
  const guessed = after(sends(send('k', 'yes')), accepted('1', 'yes'), accepted('2', 'yes'));
  expect(shown(guessed)).toEqual(['k yes', 'msg_1a ', 'msg_2 yes', 'msg_2a ']);
  const known = transcriptReducer(
    guessed,
    sends(send('k', 'yes', { kind: 'accepted', userMessageId: id('2'), answerId: id('2a') })),
  );
  expect(shown(known)).toEqual(['msg_1 yes', 'msg_1a ', 'k yes', 'msg_2a ']);
  // The key stays after the send is removed.
  expect(shown(transcriptReducer(known, sends()))).toEqual(shown(known));
});

test('a send does not match a message that was there before it', () => {
  expect(shown(after(accepted('1', 'yes'), sends(send('k', 'yes'))))).toEqual([
    'msg_1 yes',
    'msg_1a ',
    'k yes',
  ]);
});

test('matches recent messages of a list, but not old ones', () => {
  const page = (createdAt: string): TranscriptEvent => ({
    type: 'tail-page',
    page: {
      messages: [
        { id: id('1'), content: 'yes', role: 'user', createdAt, status: 'queued', answerId: id('1a') },
      ],
    },
  });
  expect(shown(after(sends(send('k', 'yes')), page(at)))).toEqual(['k yes', 'msg_1a ']);
  expect(shown(after(sends(send('k', 'yes')), page('2025-12-31T00:00:00.000Z')))).toHaveLength(3);
});

test('a rejected send matches no message', () => {
  const error = { code: 'invalid_input' } as Extract<SendState, { kind: 'refused' }>['error'];
  const state = after(sends(send('k', 'yes', { kind: 'refused', error })), accepted('1', 'yes'));
  expect(shown(state)).toEqual(['msg_1 yes', 'msg_1a ', 'k yes']);
});

test('hides an answer that was stopped before its first word, and keeps the text of a failed one', () => {
  const end = (status: 'stopped' | 'failed'): TranscriptEvent => ({
    type: 'answer-ended',
    messageId: id('1a'),
    status,
  });
  expect(shown(after(accepted('1', 'q'), end('stopped')))).toEqual(['msg_1 q']);
  const text: TranscriptEvent = { type: 'answer-delta', messageId: id('1a'), text: 'half' };
  expect(shown(after(accepted('1', 'q'), text, end('failed')))).toEqual(['msg_1 q', 'msg_1a half']);
});

test('ignores late events of an ended answer', () => {
  const state = after(
    accepted('1', 'q'),
    { type: 'answer-delta', messageId: id('1a'), text: 'all' },
    { type: 'answer-ended', messageId: id('1a'), status: 'completed', createdAt: at },
  );
  for (const late of [
    { type: 'answer-delta', messageId: id('1a'), text: ' more' },
    { type: 'answer-snapshot', messageId: id('1a'), text: '' },
    { type: 'answer-ended', messageId: id('1a'), status: 'failed' },
    { type: 'message-accepted', userMessageId: id('1'), answerId: id('1a') },
  ] as const) {
    expect(transcriptReducer(state, late)).toBe(state);
  }
});

test('replaces the text of an answer that is generated again', () => {
  const state = after(
    accepted('1', 'q'),
    { type: 'answer-delta', messageId: id('1a'), text: 'lost' },
    { type: 'answer-snapshot', messageId: id('1a'), text: 'again' },
  );
  expect(shown(state)).toEqual(['msg_1 q', 'msg_1a again']);
});

test('shows the response of a cancel or retry request at once', () => {
  const answer = {
    id: id('1a'),
    chatId: 'chat_1',
    role: 'assistant',
    userMessageId: id('1'),
    createdAt: at,
  } as const;
  const running = after(accepted('1', 'q'), { type: 'answer-delta', messageId: id('1a'), text: 'so f' });
  const cancel = (status: 'generating' | 'stopped', content: string): TranscriptEvent => ({
    type: 'cancel-answered',
    answer: { ...answer, status, content, chatId: answer.chatId as `chat_${string}` },
  });
  expect(transcriptReducer(running, cancel('generating', ''))).toBe(running);
  const stopped = transcriptReducer(running, cancel('stopped', 'so far'));
  expect(toTranscript(stopped)[1]).toMatchObject({ content: 'so far', status: 'stopped', createdAt: at });
  expect(shown(after(accepted('1', 'q'), cancel('stopped', '')))).toEqual(['msg_1 q']);

  const failed = after(accepted('1', 'q'), { type: 'answer-ended', messageId: id('1a'), status: 'failed' });
  const retried = transcriptReducer(failed, {
    type: 'retry-answered',
    answer: { id: id('2a'), userMessageId: id('1') },
  });
  expect(toTranscript(retried)[1]).toMatchObject({ messageId: id('2a'), status: 'queued' });
  expect(toTranscript(retried)[0]).toBe(toTranscript(failed)[0]);
});

test('a queued answer says how many messages are answered first, and stays the same object', () => {
  const state = after(accepted('1', 'a'), accepted('2', 'b'), accepted('3', 'c'));
  const positions = (of: TranscriptState) =>
    toTranscript(of).flatMap((entry) => (entry.kind === 'answer' ? [entry.position] : []));
  expect(positions(state)).toEqual([0, 1, 2]);
  const started = transcriptReducer(state, { type: 'answer-started', messageId: id('1a') });
  expect(positions(started)).toEqual([undefined, 1, 2]);
  expect(toTranscript(started)[3]).toBe(toTranscript(state)[3]);
  const ended = transcriptReducer(started, {
    type: 'answer-ended',
    messageId: id('1a'),
    status: 'completed',
  });
  expect(positions(ended)).toEqual([undefined, 0, 1]);
});

test('an answer waits for the model until its next event', () => {
  const retryAt = '2026-01-01T00:00:20.000Z';
  const wait: TranscriptEvent = { type: 'answer-delta', messageId: id('1a'), text: '', retryAt };
  const delta: TranscriptEvent = { type: 'answer-delta', messageId: id('1a'), text: 'x' };
  const waiting = after(accepted('1', 'a'), delta, wait);
  expect(toTranscript(waiting)[1]).toMatchObject({ status: 'generating', content: 'x', retryAt });
  expect(transcriptReducer(waiting, wait)).toBe(waiting);
  for (const next of [
    delta,
    { type: 'answer-snapshot', messageId: id('1a'), text: '' },
    { type: 'answer-ended', messageId: id('1a'), status: 'stopped' },
  ] as const) {
    expect(transcriptReducer(waiting, next).exchanges[0]?.answer).not.toHaveProperty('retryAt');
  }
});
