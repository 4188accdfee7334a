import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import { metadataSchema } from './metadata.ts';

const problemOf = (value: unknown) => metadataSchema.safeParse(value).error?.issues[0]?.message;
const nested = (depth: number) =>
  JSON.parse(`${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`) as object;
const ofBytes = (bytes: number) => ({ a: 'x'.repeat(bytes - '{"a":""}'.length) });

/** Whether an integer is in it that JSON may have rounded. */
const hasLostDigits = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.values(value).some(hasLostDigits)
    : Number.isInteger(value) && !Number.isSafeInteger(value);

test('integers are taken as far as JSON keeps all their digits', () => {
  const text = '{"a":[9007199254740991,-9007199254740991,0.5,1e15]}';
  expect(problemOf(JSON.parse(text))).toBeUndefined();
  for (const number of ['9007199254740993', '12345678901234567890', '-1e300']) {
    expect(problemOf(JSON.parse(`{"a":[${number}]}`))).toMatch(/^must contain integers of at most 2\^53 - 1/);
  }
});

test('any JSON object within the bounds is taken, and is the very one', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (value) => {
      fc.pre(!hasLostDigits(value));
      fc.pre(!JSON.stringify(value).includes('"__proto__"'));
      const before = JSON.stringify(value);
      expect(metadataSchema.parse(value)).toBe(value);
      expect(JSON.stringify(value)).toBe(before);
    }),
  );
});

describe('the bounds', () => {
  test('8 levels, and not 9; an array is a level', () => {
    expect(problemOf(nested(limits.metadataDepthMax))).toBeUndefined();
    expect(problemOf(nested(limits.metadataDepthMax + 1))).toBe('must be at most 8 levels deep');
    expect(problemOf({ a: [[[[[[[]]]]]]] })).toBeUndefined();
    expect(problemOf({ a: [[[[[[[[]]]]]]]] })).toBe('must be at most 8 levels deep');
  });

  test('16 KiB as UTF-8 JSON, and not a byte more', () => {
    expect(problemOf(ofBytes(limits.metadataBytesMax))).toBeUndefined();
    expect(problemOf(ofBytes(limits.metadataBytesMax + 1))).toBe(
      'must be at most 16384 bytes as JSON, has 16385',
    );
    expect(problemOf({ a: 'é'.repeat(limits.metadataBytesMax / 2) })).toMatch(/^must be at most 16384 bytes/);
  });

  test('depth is told before size: nothing deep is ever turned into text', () => {
    expect(problemOf(nested(5_000))).toBe('must be at most 8 levels deep');
  });
});

test.each([
  ['must be a JSON object', null],
  ['must be a JSON object', []],
  ['must be a JSON object', '{}'],
  ['must be a JSON object', 1],
  ['must be a JSON object', undefined],
  ['must not contain the key "__proto__"', JSON.parse('{"__proto__":1}')],
  ['must not contain the key "__proto__"', { a: [{ b: JSON.parse('{"__proto__":{}}') }] }],
  ['must be well-formed Unicode (no lone surrogates)', { a: '\ud800' }],
  ['must be well-formed Unicode (no lone surrogates)', { '\udc00': 1 }],
  ['must contain finite numbers only', { a: Number.NaN }],
  ['must contain finite numbers only', { a: [Number.POSITIVE_INFINITY] }],
  ['must contain JSON values only', { a: undefined }],
  ['must contain JSON values only', { a: 1n }],
  ['must contain JSON values only', { a: () => 1 }],
] as [string, unknown][])('is refused: %s', (problem, value) => {
  expect(problemOf(value)).toBe(problem);
});
