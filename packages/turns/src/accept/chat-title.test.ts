import { limits } from '@parley/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { titleFromMessage } from './chat-title.ts';

test('a short message becomes the title, as one line', () => {
  expect(titleFromMessage('  What is\n\tthe capital of  France? ')).toBe('What is the capital of France?');
});

test('a long message is cut between words and ends with an ellipsis', () => {
  const title = titleFromMessage('word '.repeat(100));
  expect(title).toMatch(/^(word )+word…$/);
});

test('a long word is cut within the word', () => {
  expect(titleFromMessage('x'.repeat(1_000))).toBe(`${'x'.repeat(limits.givenTitleLengthMax - 1)}…`);
});

test.each([
  ['👨‍👩‍👧‍👦', 'x'.repeat(76)],
  ['🇩🇪', 'x'.repeat(78)],
  ['e\u0301', 'x'.repeat(78)],
  ['क्षि', 'x'.repeat(77)],
])('no title ends within the character %s', (character, before) => {
  expect(titleFromMessage(`${before}${character} ${'and more '.repeat(20)}`)).toBe(`${before}…`);
});

test('a letter with hundreds of combining marks is cut', () => {
  const title = titleFromMessage(`a${'\u0301'.repeat(500)}`);
  expect([...(title ?? '')]).toHaveLength(limits.givenTitleLengthMax);
});

test.each([
  ['# Plan\n\n- buy **milk**\n- [ ] call *Ann*', 'Plan buy milk call Ann'],
  ['> quoted\n\nWhat does `x += 1` do?', 'quoted What does x += 1 do?'],
  ['```js\nconst a = 1;\n```\nWhy?', 'const a = 1; Why?'],
  ['See [the docs](https://example.org "Docs") and ![a cat](cat.png)', 'See the docs and a cat'],
  ['__Bold__, _soft_, ~~gone~~ and ***both***', 'Bold, soft, gone and both'],
  ['1. first\n2) second', 'first second'],
])('the marks of Markdown in %j are left out', (message, title) => {
  expect(titleFromMessage(message)).toBe(title);
});

test.each([
  'How much is 2 * 3 * 4?',
  'Rename snake_case_name and __init__.py_old',
  'What do *args and **kwargs mean?',
  '#hashtags and C# or F#',
  'Is a < b > c?',
  '-5 degrees [or so]?',
  '**',
  '```',
])('%j has no marks, and is the title as it is', (message) => {
  expect(titleFromMessage(message)).toBe(message);
});

test('a message of blanks gives no title', () => {
  expect(titleFromMessage(' \n ')).toBeUndefined();
});

test('every title is one well-formed line within its length', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 1_500 }), (content) => {
      const title = titleFromMessage(content);
      if (title === undefined) return;
      expect([...title].length).toBeLessThanOrEqual(limits.givenTitleLengthMax);
      expect(title.isWellFormed()).toBe(true);
      expect(title).not.toMatch(/[\n\r\t]/);
      expect(title.trim()).not.toBe('');
    }),
  );
});
