import { expect, test } from 'vitest';
import { filterOf, greaterThan, lessThan, oneOf } from './filter-of.ts';

test('a filter has all fields that every query names, and only the given ones of the others', () => {
  expect(Object.entries(filterOf({ team: 't' }, { user: undefined, agent: 'a' }))).toEqual([
    ['team', 't'],
    ['agent', 'a'],
  ]);
});

test('a filter without a field that every query names is an error, because it would match more', () => {
  const team = undefined as unknown as string;
  expect(() => filterOf({ team }, {})).toThrow('the filter has no team');
});

test('a filter does not compile when a field that every query names may be undefined', () => {
  const team: string | undefined = ['t'].at(1);
  // @ts-expect-error The team may be undefined.
  expect(() => filterOf({ team }, {})).toThrow();
});

test('a comparison without a bound is undefined, and so is a choice without a list', () => {
  expect([greaterThan(undefined), lessThan(undefined), oneOf(undefined)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('a choice from an empty list matches nothing instead of everything', () => {
  expect(Object.entries(oneOf([]) ?? {})).toEqual([['$in', []]]);
});
