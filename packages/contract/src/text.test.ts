import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textSchema } from './text.ts';

const schema = textSchema({ min: 1, max: 10 });
const isAccepted = (text: unknown) => schema.safeParse(text).success;

describe('textSchema counts Unicode code points', () => {
  test.each([
    ['x', true],
    ['x'.repeat(10), true],
    ['🙂'.repeat(10), true],
    ['e\u0301'.repeat(5), true],
    ['', false],
    ['x'.repeat(11), false],
    ['🙂'.repeat(11), false],
    [`🙂${'x'.repeat(10)}`, false],
    ['x'.repeat(1_000_000), false],
  ])('textSchema counts the code points of %j: %j', (text, expected) => {
    expect(isAccepted(text)).toBe(expected);
  });

  test('textSchema counts the code points of every well-formed text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 14 }), (text) => {
        const count = [...text].length;
        expect(isAccepted(text)).toBe(
          count >= 1 && count <= 10 && !text.includes('\0') && text.isWellFormed(),
        );
      }),
    );
  });
});

test.each([
  '\0',
  'a\0b',
  '\ud83d',
  'a\ude42',
  '\ude42\ud83d',
  5,
  null,
  undefined,
  true,
  [],
  ['a'],
  {},
  { $ne: null },
])('textSchema rejects a value that cannot be stored as it was sent: %j', (value) => {
  expect(isAccepted(value)).toBe(false);
});

test.each([' ', '\n', '\t', '\u202e', '\ufeff', '\uffff', '\u0001', 'null', '$ne', '__proto__'])(
  'textSchema accepts unusual text unchanged: %j',
  (text) => {
    expect(schema.parse(text)).toBe(text);
  },
);

test('an issue says what the text must be and does not quote it', () => {
  const { error } = schema.safeParse(`canary${'x'.repeat(10)}\0`);
  expect(error?.issues.map(({ message }) => message)).toEqual([
    'must have at most 10 characters',
    'must not contain NUL (U+0000)',
  ]);
});
