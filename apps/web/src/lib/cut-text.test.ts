import { expect, test } from 'vitest';
import { cutText } from './cut-text.ts';

test.each([
  ['short', 10, 'short'],
  ['a long text', 6, 'a long'],
  ['family 👨‍👩‍👧‍👦!', 12, 'family '],
  ['flag 🇩🇪🇫🇷', 9, 'flag 🇩🇪'],
  ['flag 🇩🇪🇫🇷', 11, 'flag 🇩🇪'],
  ['e\u0301te\u0301', 4, 'e\u0301t'],
  ['नमस्ते', 4, 'नम'],
  [`a${'\u0301'.repeat(500)}`, 100, `a${'\u0301'.repeat(99)}`],
])('cuts %j after at most %i units between two characters', (text, lengthMax, expected) => {
  expect(cutText(text, lengthMax)).toBe(expected);
});
