import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import { formatStreamCursor, parseStreamCursor } from './stream-cursor.ts';

const cursors = fc.record({
  attempt: fc.nat(999_999_999),
  part: fc.nat(9_999),
  offset: fc.nat(999_999_999),
});

describe('the id of an event', () => {
  test('leads back to the place it names, whatever that is', () => {
    fc.assert(
      fc.property(cursors, (cursor) => {
        expect(parseStreamCursor(formatStreamCursor(cursor))).toEqual(cursor);
      }),
    );
  });

  test('reaches every place there can be in an answer', () => {
    const last = { attempt: limits.takeoversMax + 1, part: 2, offset: limits.answerLengthMax + 1 };
    expect(parseStreamCursor(formatStreamCursor(last))).toEqual(last);
  });

  test('needs no encoding, neither in a header nor in a URL', () => {
    fc.assert(
      fc.property(cursors, (cursor) => {
        const text = formatStreamCursor(cursor);
        expect(encodeURIComponent(text)).toBe(text);
        expect(text.length).toBeLessThanOrEqual(limits.cursorLengthMax);
      }),
    );
  });

  test.each(['', '-', '1-1', '1-1-', '-1-1-1', '1-1-1-1', '1-1-1 ', ' 1-1-1', '1-1-1\n', '1-1-x', '1.0-1-1'])(
    'is not %j: that was made by nobody',
    (text) => {
      expect(parseStreamCursor(text)).toBeUndefined();
    },
  );

  test.each(['١-1-1', '1e3-1-1', '0x1-1-1', '1-12345-1', '1-1-1234567890', '+1-1-1', 'NaN-1-1'])(
    'is not %j either: no number beyond its bounds, no other spelling',
    (text) => {
      expect(parseStreamCursor(text)).toBeUndefined();
    },
  );

  test('of any text at all gives a place or nothing, soon', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const cursor = parseStreamCursor(text);
        if (cursor) expect(Object.values(cursor).every(Number.isSafeInteger)).toBe(true);
      }),
    );
    expect(parseStreamCursor('1-1-'.repeat(250_000))).toBeUndefined();
  });
});
