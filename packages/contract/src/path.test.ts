import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  extendPath,
  firstRanges,
  isOnPath,
  isStraight,
  lastOf,
  lastRanges,
  type Path,
  type PathRange,
  pathBefore,
  pathOf,
  rangesOf,
  straightPath,
} from './path.ts';

const sequences = fc
  .uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 30 })
  .map((numbers) => numbers.toSorted((one, other) => one - other));

const toPath = (numbers: readonly number[]) => numbers.reduce<Path>(extendPath, []);
const numbersOf = (ranges: readonly PathRange[]) =>
  ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, index) => first + index));
const all = (path: Path) => numbersOf(firstRanges(path, 1, 1_000));

test('a path has exactly the turns that it was extended by, in ranges without gaps between them', () => {
  fc.assert(
    fc.property(sequences, (numbers) => {
      const path = toPath(numbers);
      expect(all(path)).toEqual(numbers);
      expect(lastOf(path)).toBe(numbers.at(-1) ?? 0);
      const gaps = numbers.filter((number, index) => number !== (numbers[index - 1] ?? -1) + 1).length;
      expect(rangesOf(path)).toBe(gaps);
      for (let number = 1; number <= 41; number++)
        expect(isOnPath(path, number)).toBe(numbers.includes(number));
    }),
  );
});

test('a path before a sequence has the smaller sequences', () => {
  fc.assert(
    fc.property(sequences, fc.integer({ min: 0, max: 41 }), (numbers, before) => {
      expect(all(pathBefore(toPath(numbers), before))).toEqual(numbers.filter((number) => number < before));
    }),
  );
});

test('the ranges of a page have the first turns from a sequence on, or the last ones up to it', () => {
  const places = fc.integer({ min: 0, max: 41 });
  fc.assert(
    fc.property(sequences, places, fc.integer({ min: 1, max: 12 }), (numbers, place, count) => {
      const path = toPath(numbers);
      const after = numbers.filter((number) => number >= place).slice(0, count);
      expect(numbersOf(firstRanges(path, place, count))).toEqual(after);
      const upTo = numbers.filter((number) => number <= place).slice(-count);
      expect(numbersOf(lastRanges(path, place, count).reverse())).toEqual(upTo);
    }),
  );
});

test('a turn that stores no path follows every turn before it', () => {
  expect(pathOf({ sequence: 4 })).toEqual([1, 4]);
  expect(straightPath(0)).toEqual([]);
  expect([[], [1, 4], [2, 4], [1, 1, 3, 3]].map(isStraight)).toEqual([true, true, false, false]);
});

test('a turn cannot follow a later one', () => {
  expect(() => extendPath([1, 4], 4)).toThrow('does not follow');
});
