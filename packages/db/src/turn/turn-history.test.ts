import { mintId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { toErrorFields } from './stored-error-code.ts';
import { type HistoryTurn, historyOf } from './turn-history.ts';

const question = (content: string, errorCode?: Parameters<typeof toErrorFields>[0]): HistoryTurn => ({
  messages: [{ role: 'user', content }],
  ...toErrorFields(errorCode),
});
const answered = (content: string, answer: string): HistoryTurn => ({
  messages: [
    { role: 'user', content },
    { role: 'assistant', content: answer },
  ],
});
const retry = (errorCode?: Parameters<typeof toErrorFields>[0], answer?: string): HistoryTurn => ({
  retryOf: { turn: mintId('turn'), userMessageId: mintId('message') },
  messages: answer === undefined ? [] : [{ role: 'assistant', content: answer }],
  ...toErrorFields(errorCode),
});

const outline = (...turns: HistoryTurn[]) =>
  historyOf(turns.reverse()).map(({ content, isRefused }) => (isRefused ? `${content} (refused)` : content));

describe('the history', () => {
  test('the history is every message, oldest first', () => {
    expect(outline(answered('a', 'b'), answered('c', 'd'))).toEqual(['a', 'b', 'c', 'd']);
  });

  test('the history marks only the messages that the model refused to answer', () => {
    const turns = [answered('a', 'b'), question('c', 'model_refused'), question('d', 'model_failed')];
    expect(outline(...turns)).toEqual(['a', 'b', 'c (refused)', 'd']);
  });

  test.each(['model_key_refused', 'model_not_found', 'model_rate_limited', 'model_timeout'] as const)(
    'the history keeps a message whose answer failed with %s',
    (code) => {
      expect(outline(question('a', code), question('b'))).toEqual(['a', 'b']);
    },
  );

  test('a message counts as refused if its newest retry was refused', () => {
    const refused = question('a', 'model_refused');
    expect(outline(refused, retry('model_refused'))).toEqual(['a (refused)']);
    expect(outline(refused, retry('model_failed'))).toEqual(['a']);
    expect(outline(refused, retry('model_refused'), retry(undefined, 'b'), question('c'))).toEqual([
      ...['a', 'b', 'c'],
    ]);
    expect(outline(question('a', 'model_failed'), retry('model_refused'), question('c'))).toEqual([
      ...['a (refused)', 'c'],
    ]);
  });
});
