import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cursorSchema, pageLimitSchema } from './page.ts';

test.each([
  [1, 1],
  [1_000, 1_000],
  ['1', 1],
  ['1000', 1_000],
  ['007', 7],
])('accepts %j as the page size %j', (value, size) => {
  expect(pageLimitSchema.parse(value)).toBe(size);
});

test.each([
  0,
  1_001,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '',
  '0',
  '1001',
  '-1',
  '+1',
  ' 1',
  '1 ',
  '1.0',
  '1e2',
  '0x1',
  '١',
  '1\n',
  '9999999',
  true,
  null,
  undefined,
  [],
  [5],
  {},
  { $gt: 0 },
  new Date(),
])('rejects %j as a page size', (value) => {
  expect(pageLimitSchema.safeParse(value).success).toBe(false);
});

test('accepts only texts of digits as a page size', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 5 }), (text) => {
      expect(pageLimitSchema.safeParse(text).success).toBe(/^0*[1-9]\d{0,2}$|^0*1000$/.test(text));
    }),
  );
});

test('accepts a cursor of 1 to 512 characters', () => {
  expect(cursorSchema.safeParse('x'.repeat(512)).success).toBe(true);
  for (const value of ['', 'x'.repeat(513), 5, null, ['x']]) {
    expect(cursorSchema.safeParse(value).success).toBe(false);
  }
});
