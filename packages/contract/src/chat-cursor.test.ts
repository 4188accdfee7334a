import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatChatCursor, parseChatCursor } from './chat-cursor.ts';

const answers = fc.record({ attempt: fc.nat(99), part: fc.nat(3), offset: fc.nat(999_999) });

const cursors = fc
  .record({
    accepted: fc.nat(999_999_998),
    behind: fc.nat(60),
    answer: fc.option(answers, { nil: undefined }),
  })
  .map(({ accepted, behind, answer }) => ({
    accepted,
    sequence: Math.max(1, accepted + 1 - behind),
    answer,
  }));

test('the id of a chat’s event leads back to the place it names, in an answer or before one', () => {
  fc.assert(
    fc.property(cursors, (cursor) => {
      expect(parseChatCursor(formatChatCursor(cursor))).toEqual(cursor);
    }),
  );
});

test('the place before everything has an id too', () => {
  const start = { accepted: 0, sequence: 1, answer: undefined };
  expect(parseChatCursor(formatChatCursor(start))).toEqual(start);
});

test.each([
  '',
  '1',
  '.',
  '1.',
  '.1',
  '1.1.',
  '1.1.1',
  '1.1.1-1',
  '1.1.1-1-1.',
  ' 1.1',
  '1.1\n',
  '1.1.-',
  '-1.1',
])('%j was made by nobody', (text) => {
  expect(parseChatCursor(text)).toBeUndefined();
});

test('no answer is told before its message, and none before the first: such a place was made by nobody', () => {
  expect(parseChatCursor('3.4')).toEqual({ accepted: 3, sequence: 4, answer: undefined });
  expect(parseChatCursor('3.5')).toBeUndefined();
  expect(parseChatCursor('3.0')).toBeUndefined();
  expect(parseChatCursor('0.1.1-1-5')).toEqual({
    accepted: 0,
    sequence: 1,
    answer: { attempt: 1, part: 1, offset: 5 },
  });
});
