import { ApiError } from '@parley/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { cursorKind } from './cursor.ts';

const kind = cursorKind('things', z.strictObject({ at: z.int(), side: z.string() }));
const position = fc.record({ at: fc.maxSafeInteger(), side: fc.string({ unit: 'grapheme' }) });
const filter = fc.dictionary(
  fc.constantFrom('userId', 'agentType', 'order'),
  fc.option(fc.string(), { nil: undefined }),
);

const isRefused = (decode: () => unknown) => {
  try {
    decode();
    return false;
  } catch (error) {
    return error instanceof ApiError && error.code === 'invalid_cursor';
  }
};

test('an encoded cursor is decoded, and needs no escaping in a URL', () => {
  fc.assert(
    fc.property(filter, position, (by, at) => {
      const cursor = kind.encode(by, at);
      expect(cursor).toMatch(/^[\w-]+$/);
      expect(kind.decode(by, cursor)).toEqual(at);
    }),
  );
});

test('a cursor is valid for the same filter in any order, and for no other filter', () => {
  const cursor = kind.encode({ a: '1', b: '2' }, { at: 1, side: '' });
  expect(kind.decode({ b: '2', a: '1' }, cursor)).toEqual({ at: 1, side: '' });
  fc.assert(
    fc.property(filter, filter, position, (by, other, at) => {
      const same = JSON.stringify(Object.entries(by).sort()) === JSON.stringify(Object.entries(other).sort());
      fc.pre(!same);
      expect(isRefused(() => kind.decode(other, kind.encode(by, at)))).toBe(true);
    }),
  );
});

describe('an invalid cursor', () => {
  test('a cursor with any changed character is rejected', () => {
    const cursor = kind.encode({}, { at: 42, side: 'left' });
    fc.assert(
      fc.property(fc.nat(cursor.length - 1), fc.string({ maxLength: 3 }), (at, by) => {
        const changed = cursor.slice(0, at) + by + cursor.slice(at + 1);
        fc.pre(changed !== cursor);
        expect(isRefused(() => kind.decode({}, changed))).toBe(true);
      }),
    );
  });

  test('a cursor that is any other text is rejected', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.json(),
          fc.json().map((text) => Buffer.from(text).toString('base64url')),
        ),
        (text) => {
          expect(isRefused(() => kind.decode({}, text))).toBe(true);
        },
      ),
    );
  });

  test('a cursor of another list is rejected', () => {
    const other = cursorKind('others', z.strictObject({ at: z.int(), side: z.string() }));
    expect(isRefused(() => other.decode({}, kind.encode({}, { at: 1, side: '' })))).toBe(true);
  });

  test('a cursor with a valid checksum and an invalid position is rejected', () => {
    const loose = cursorKind('things', z.unknown());
    for (const at of [
      { at: 1.5, side: '' },
      { at: '1', side: '' },
      { at: 1 },
      { at: 1, side: '', more: 1 },
      null,
      [],
    ]) {
      expect(isRefused(() => kind.decode({}, loose.encode({}, at)))).toBe(true);
    }
  });
});
