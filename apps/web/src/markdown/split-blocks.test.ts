import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitBlocks } from './split-blocks.ts';

describe('splitBlocks', () => {
  test('separates paragraphs, headings and tables', () => {
    const text = '# Title\n\nOne\ntwo.\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\nEnd';
    expect(splitBlocks(text).blocks).toEqual([
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
    ['a formula that begins on the line of its dollars', '$$f(x)\n\n= 1$$\n'],
    ['a formula in brackets', '\\[\na\n\nb\n\\]\n'],
    ['details with blank lines', '<details>\n<summary>a</summary>\n\nb\n\nc\n\n</details>\n'],
    ['a text with footnotes', 'See[^1].\n\nMore.\n\n[^1]: A note\n'],
  ])('keeps %s in one block', (_, text) => {
    expect(splitBlocks(text).blocks).toEqual([text]);
  });

  test('returns the definitions of links, except those in code', () => {
    const text = 'See [it][1].\n\n[1]: https://example.com\n\n```\n[2]: https://example.com\n```\n';
    const { blocks, definitions } = splitBlocks(text);
    expect(blocks).toHaveLength(3);
    expect(definitions).toBe('[1]: https://example.com');
  });

  test('keeps a text with a thousand definitions in one block', () => {
    const text = `See [it][1].\n\n${Array.from({ length: 1_000 }, (_, n) => `[${n}]: https://example.com\n`).join('')}`;
    expect(splitBlocks(text)).toEqual({ blocks: [text], definitions: '' });
  });

  test('starts a new block after a formula that ends on its last line', () => {
    expect(splitBlocks('$$f(x)\n= 1$$\n\nThen.').blocks).toEqual(['$$f(x)\n= 1$$\n\n', 'Then.']);
  });

  test('reads many blank lines in one pass', () => {
    // A search that restarts at every line would take minutes.
    const text = `${'\n'.repeat(200_000)}x`;
    expect(splitBlocks(text).blocks.at(-1)).toBe('x');
  });

  test('starts a new block after a list', () => {
    expect(splitBlocks('- a\n\n- b\n\nThen.').blocks).toEqual(['- a\n\n- b\n\n', 'Then.']);
  });

  test('splitBlocks does not open a block at a formula on one line', () => {
    expect(splitBlocks('$$x$$\n\nThen.').blocks).toEqual(['$$x$$\n\n', 'Then.']);
  });

  test('returns blocks that join to the text, and changes only the last one when the text grows', () => {
    const piece = fc.constantFrom('a', '\n', '\n\n', '- b', '```', '$$', '    ', '1. c', '| d |', '> e', '#');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.array(piece, { maxLength: 5 }), (start, more) => {
        const text = start.join('');
        const { blocks } = splitBlocks(text);
        expect(blocks.join('')).toBe(text);
        const grown = splitBlocks(text + more.join('')).blocks;
        expect(grown.slice(0, blocks.length - 1)).toEqual(blocks.slice(0, -1));
      }),
    );
  });
});
