import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatChatCursor, parseChatCursor } from './chat-cursor.ts';

const answers = fc.record({ attempt: fc.nat(99), part: fc.nat(3), offset: fc.nat(999_999) });

const cursors = fc
  .record({
    accepted: fc.nat(999_999_998),
    behind: fc.nat(60),
    answer: fc.option(answers, { nil: undefined }),
    revision: fc.nat(999_999_999),
  })
  .map(({ accepted, behind, answer, revision }) => ({
    accepted,
    sequence: Math.max(1, accepted + 1 - behind),
    answer,
    revision,
  }));

test('a chat cursor parses back to the position it was formatted from, inside or before an answer', () => {
  fc.assert(
    fc.property(cursors, (cursor) => {
      expect(parseChatCursor(formatChatCursor(cursor))).toEqual(cursor);
    }),
  );
});

test('the position before the first event formats and parses like any other', () => {
  const start = { accepted: 0, sequence: 1, answer: undefined, revision: 0 };
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
  '1.1~',
  '1.1~-1',
])('rejects %j as a chat cursor', (text) => {
  expect(parseChatCursor(text)).toBeUndefined();
});

test('rejects a chat cursor whose answer comes before its message or before the first answer', () => {
  expect(parseChatCursor('3.4')).toEqual({ accepted: 3, sequence: 4, answer: undefined, revision: 0 });
  expect(parseChatCursor('3.5')).toBeUndefined();
  expect(parseChatCursor('3.0')).toBeUndefined();
  expect(parseChatCursor('0.1.1-1-5')).toEqual({
    accepted: 0,
    sequence: 1,
    answer: { attempt: 1, part: 1, offset: 5 },
    revision: 0,
  });
});
