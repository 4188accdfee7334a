import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import { metadataSchema } from './metadata.ts';

const problemOf = (value: unknown) => metadataSchema.safeParse(value).error?.issues[0]?.message;
const nested = (depth: number) =>
  JSON.parse(`${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`) as object;
const ofBytes = (bytes: number) => ({ a: 'x'.repeat(bytes - '{"a":""}'.length) });

/** Checks whether the value contains an integer that JSON parsing may have rounded. */
const hasLostDigits = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.values(value).some(hasLostDigits)
    : Number.isInteger(value) && !Number.isSafeInteger(value);

test('accepts integers up to 2^53 - 1 and rejects larger ones', () => {
  const text = '{"a":[9007199254740991,-9007199254740991,0.5,1e15]}';
  expect(problemOf(JSON.parse(text))).toBeUndefined();
  for (const number of ['9007199254740993', '12345678901234567890', '-1e300']) {
    expect(problemOf(JSON.parse(`{"a":[${number}]}`))).toMatch(/^must contain integers of at most 2\^53 - 1/);
  }
});

test('accepts every JSON object within the bounds and returns the same object', () => {
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

describe('the bounds of metadata', () => {
  test('the bounds of metadata accept 8 levels and reject 9, counting arrays as levels', () => {
    expect(problemOf(nested(limits.metadataDepthMax))).toBeUndefined();
    expect(problemOf(nested(limits.metadataDepthMax + 1))).toBe('must be at most 8 levels deep');
    expect(problemOf({ a: [[[[[[[]]]]]]] })).toBeUndefined();
    expect(problemOf({ a: [[[[[[[[]]]]]]]] })).toBe('must be at most 8 levels deep');
  });

  test('the bounds of metadata accept 16 KiB of UTF-8 JSON and reject one byte more', () => {
    expect(problemOf(ofBytes(limits.metadataBytesMax))).toBeUndefined();
    expect(problemOf(ofBytes(limits.metadataBytesMax + 1))).toBe(
      'must be at most 16384 bytes as JSON, has 16385',
    );
    expect(problemOf({ a: 'é'.repeat(limits.metadataBytesMax / 2) })).toMatch(/^must be at most 16384 bytes/);
  });

  test('the bounds of metadata report the depth before the size, so that deep values are never serialized', () => {
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
] as [string, unknown][])('metadata with this problem is rejected: %s', (problem, value) => {
  expect(problemOf(value)).toBe(problem);
});
