import type { ApiError } from '@parley/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rejectComplexJson, rejectComplexValue } from './json-bounds.ts';

const BOUNDS = { keysMax: 3, depthMax: 4 };
const isRejected = (json: string) => rejects(() => rejectComplexJson(json, BOUNDS));
const rejects = (check: () => unknown) => {
  try {
    check();
    return false;
  } catch (error) {
    expect((error as ApiError).code).toBe('payload_too_complex');
    return true;
  }
};

function measure(value: unknown): { keys: number; depth: number } {
  if (typeof value !== 'object' || value === null) return { keys: 0, depth: 0 };
  const inner = Object.values(value).map(measure);
  return {
    keys:
      (Array.isArray(value) ? 0 : Object.keys(value).length) + inner.reduce((sum, { keys }) => sum + keys, 0),
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
  };
}

test('any JSON is rejected exactly when it has too many keys or is too deep', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (json) => {
      const { keys, depth } = measure(JSON.parse(json));
      // Parsing merges a repeated key, but the text contains it twice.
      const written = (json.match(/"(?:[^"\\]|\\.)*"\s*:/g) ?? []).length;
      expect(isRejected(json)).toBe(Math.max(keys, written) > BOUNDS.keysMax || depth > BOUNDS.depthMax);
    }),
  );
});

describe('characters within JSON strings do not count', () => {
  test.each([
    ['brackets and colons', '{"a":"{[{[{[:::::"}'],
    ['an escaped quote', '{"a":"\\"{[{[{[::::"}'],
    ['an escaped backslash before the end', '{"a":"\\\\","b":"{{{{{::::"}'],
    ['a string that never ends', '{"a":"{{{{{{{{'],
  ])('%s', (_, json) => {
    expect(isRejected(json)).toBe(false);
  });

  test('an escaped backslash does not escape the end of a string', () => {
    expect(isRejected('["\\\\",[[[[[[1]]]]]]]')).toBe(true);
  });
});

test('parsed JSON is rejected exactly when its text is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      // The text contains no repeated keys, which parsing would merge.
      const json = JSON.stringify(value);
      expect(rejects(() => rejectComplexValue(JSON.parse(json), 0, BOUNDS))).toBe(isRejected(json));
    }),
  );
});

test('the inputs of one request count together', () => {
  expect(rejectComplexValue({ a: 1, b: 2 }, 1, BOUNDS)).toBe(3);
  expect(rejects(() => rejectComplexValue({ a: 1, b: 2 }, 2, BOUNDS))).toBe(true);
});

test('text that is not JSON passes, and the parser rejects it', () => {
  for (const text of ['', ']]]]', '"', 'nonsense']) expect(isRejected(text)).toBe(false);
});
