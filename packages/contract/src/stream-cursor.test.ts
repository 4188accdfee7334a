import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import { formatStreamCursor, parseStreamCursor } from './stream-cursor.ts';

const cursors = fc.record({
  attempt: fc.nat(999_999_999),
  part: fc.nat(9_999),
  offset: fc.nat(999_999_999),
});

describe('a stream cursor', () => {
  test('parses back to the position it was formatted from', () => {
    fc.assert(
      fc.property(cursors, (cursor) => {
        expect(parseStreamCursor(formatStreamCursor(cursor))).toEqual(cursor);
      }),
    );
  });

  test('a stream cursor can name every position of the longest answer', () => {
    const last = { attempt: limits.takeoversMax + 1, part: 2, offset: limits.answerLengthMax + 1 };
    expect(parseStreamCursor(formatStreamCursor(last))).toEqual(last);
  });

  test('needs no encoding in a header or a URL', () => {
    fc.assert(
      fc.property(cursors, (cursor) => {
        const text = formatStreamCursor(cursor);
        expect(encodeURIComponent(text)).toBe(text);
        expect(text.length).toBeLessThanOrEqual(limits.cursorLengthMax);
      }),
    );
  });

  test.each(['', '-', '1-1', '1-1-', '-1-1-1', '1-1-1-1', '1-1-1 ', ' 1-1-1', '1-1-1\n', '1-1-x', '1.0-1-1'])(
    'a stream cursor is not parsed from %j',
    (text) => {
      expect(parseStreamCursor(text)).toBeUndefined();
    },
  );

  test.each(['١-1-1', '1e3-1-1', '0x1-1-1', '1-12345-1', '1-1-1234567890', '+1-1-1', 'NaN-1-1'])(
    'a stream cursor is not parsed from %j, which is out of range or spelled differently',
    (text) => {
      expect(parseStreamCursor(text)).toBeUndefined();
    },
  );

  test('a stream cursor is parsed from any text to safe integers or undefined, also from very long text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const cursor = parseStreamCursor(text);
        if (cursor) expect(Object.values(cursor).every(Number.isSafeInteger)).toBe(true);
      }),
    );
    expect(parseStreamCursor('1-1-'.repeat(250_000))).toBeUndefined();
  });
});
