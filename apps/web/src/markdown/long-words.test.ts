import { expect, test } from 'vitest';
import { cutLongWords } from './long-words.ts';

test('cuts a long word into pieces that join to it', () => {
  const text = `a ${'b'.repeat(1_200)} c`;
  expect(cutLongWords(text).map(({ length }) => length)).toEqual([502, 500, 202]);
  expect(cutLongWords(text).join('')).toBe(text);
});

test.each(['two words', 'ab '.repeat(1_000), '字'.repeat(5_000), '😀'.repeat(2_000)])(
  'leaves a text in one piece whose lines break by themselves: %.9s',
  (text) => {
    expect(cutLongWords(text)).toEqual([text]);
  },
);
