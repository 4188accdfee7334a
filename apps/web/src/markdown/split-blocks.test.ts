import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitBlocks } from './split-blocks.ts';

describe('splitBlocks', () => {
  test('separates paragraphs, headings and tables', () => {
    const text = '# Title\n\nOne\ntwo.\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\nEnd';
    expect(splitBlocks(text)).toEqual([
      '# Title\n\n',
      'One\ntwo.\n\n',
      '| a | b |\n| - | - |\n| 1 | 2 |\n\n',
      'End',
    ]);
  });

  test.each([
    ['a fence with blank lines', '```ts\na\n\nb\n\n~~~\n\n```\n'],
    ['a longer fence around a shorter one', '````md\n```\n\n```\n\nx\n````\n'],
    ['an unclosed fence', '```\na\n\nb\n\nc'],
    ['a formula with blank lines', '$$\na\n\nb\n$$\n'],
    ['a loose list', '- a\n\n- b\n\n  more of b\n\n- c\n'],
    ['a numbered list with code in it', '1. a\n\n   ```\n   x\n\n   y\n   ```\n\n2. b\n'],
    ['indented code', 'text\n\n    a\n\n    b\n'],
    ['a text with definitions', 'See [it][1].\n\nMore.\n\n[1]: https://example.com\n'],
  ])('keeps %s in one block', (_, text) => {
    expect(splitBlocks(text)).toEqual([text]);
  });

  test('starts a new block after a list', () => {
    expect(splitBlocks('- a\n\n- b\n\nThen.')).toEqual(['- a\n\n- b\n\n', 'Then.']);
  });

  test('does not open a block at a formula on one line', () => {
    expect(splitBlocks('$$x$$\n\nThen.')).toEqual(['$$x$$\n\n', 'Then.']);
  });

  test('returns blocks that join to the text, and changes only the last one when the text grows', () => {
    const piece = fc.constantFrom('a', '\n', '\n\n', '- b', '```', '$$', '    ', '1. c', '| d |', '> e', '#');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.array(piece, { maxLength: 5 }), (start, more) => {
        const text = start.join('');
        const blocks = splitBlocks(text);
        expect(blocks.join('')).toBe(text);
        const grown = splitBlocks(text + more.join(''));
        expect(grown.slice(0, blocks.length - 1)).toEqual(blocks.slice(0, -1));
      }),
    );
  });
});
