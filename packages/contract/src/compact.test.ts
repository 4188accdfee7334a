import { expect, test } from 'vitest';
import { compact, compactAs } from './compact.ts';

interface Named {
  readonly id: number;
  readonly name?: string;
}

test('compact leaves out undefined fields and keeps every other value', () => {
  const fields = { zero: 0, empty: '', no: false, nothing: null, missing: undefined };
  expect(Object.entries(compact(fields))).toEqual([
    ['zero', 0],
    ['empty', ''],
    ['no', false],
    ['nothing', null],
  ]);
});

test('compactAs makes an object that lacks its undefined fields', () => {
  expect(Object.keys(compactAs<Named>({ id: 1, name: undefined }))).toEqual(['id']);
  expect(compactAs<Named>({ id: 1, name: 'Ada' })).toEqual({ id: 1, name: 'Ada' });
});

test('compactAs does not compile when a field is forgotten or unknown', () => {
  // @ts-expect-error `name` is forgotten.
  compactAs<Named>({ id: 1 });
  // @ts-expect-error `age` is no field.
  compactAs<Named>({ id: 1, name: undefined, age: 2 });
  // @ts-expect-error `id` is required.
  compactAs<Named>({ id: undefined, name: undefined });
});
