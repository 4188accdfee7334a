import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countFound, snippetOf } from './search-snippet.ts';
import { parseSearch, searchWordsOf, wordsIn } from './search-words.ts';

describe('words of texts', () => {
  test.each([
    ['Hello, hello WORLD!', ['hello', 'world']],
    ['Łódź, Straße, Zoë', ['lodz', 'strasse', 'zoe']],
    ['node.js v24', ['js', 'node', 'v24']],
    ['東京の', ['の', '京の', '東京']],
    ['서울', ['서울', '울']],
    ['ｆｕｌｌ ﬁt', ['fit', 'full']],
    ['iPhone15を', ['iphone15', 'を']],
    ['?! …', []],
  ])('the words of "%s" are stored without case, accents and punctuation', (text, words) => {
    expect(searchWordsOf([text])).toEqual(words);
  });

  test('the words of all texts are stored once, in order', () => {
    expect(searchWordsOf(['b a', 'c a'])).toEqual(['a', 'b', 'c']);
  });

  test('at most 2,000 words are stored, and no more than 32 letters of each', () => {
    const many = Array.from({ length: 3_000 }, (_, index) => `w${index}`).join(' ');
    expect(searchWordsOf([many])).toHaveLength(2_000);
    expect(searchWordsOf(['x'.repeat(100)])).toEqual(['x'.repeat(32)]);
    expect(parseSearch('x'.repeat(100))).toEqual([{ word: 'x'.repeat(32), isBeginning: true }]);
  });
});

describe('words of searches', () => {
  test.each([
    ['capital fra', ['capital', 'fra…']],
    ['capital fr', ['capital', 'fr']],
    ['capital fra ', ['capital', 'fra']],
    ['東京', ['東京']],
    ['東', ['東…']],
    ['東京都', ['東京', '京都']],
    ['!!', []],
  ])('the search "%s" is for its words, the last one as a beginning', (text, expected) => {
    const words = parseSearch(text).map(({ word, isBeginning }) => (isBeginning ? `${word}…` : word));
    expect(words).toEqual(expected);
  });

  test('every part of a text between two words is found in it', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), { maxLength: 8 });
    fc.assert(
      fc.property(texts, fc.nat(), fc.nat(), (words, start, length) => {
        const text = words.join(' ');
        const from = words.length === 0 ? 0 : start % words.length;
        const search = words.slice(from, from + 1 + (length % 3)).join(' ');
        const searched = parseSearch(search);
        expect(countFound(text, searched)).toBe(searched.length);
        const stored = searchWordsOf([text]);
        for (const { word, isBeginning } of searched)
          expect(stored.some((one) => (isBeginning ? one.startsWith(word) : one === word))).toBe(true);
      }),
    );
  });
});

describe('snippets', () => {
  const long = `${'before '.repeat(40)}the capital of France ${'after '.repeat(40)}`;

  test('a snippet shows the first found word with some words before and after it, on one line', () => {
    const snippet = snippetOf(long.replace('the capital', 'the\n\ncapital'), parseSearch('capital'));
    expect(snippet).toMatch(/^…before .*the capital of France after .*…$/);
    expect(snippet.length).toBeLessThanOrEqual(162);
  });

  test('a short text is its own snippet', () => {
    expect(snippetOf('Paris is the capital.', parseSearch('capital'))).toBe('Paris is the capital.');
  });

  test('a snippet never cuts a character, and contains the found word', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.nat(), (text, pick) => {
        const words = [...wordsIn(text)];
        const found = words[pick % Math.max(1, words.length)];
        if (!found) return;
        const searched = [{ word: found.word, isBeginning: false }];
        const snippet = snippetOf(text, searched);
        expect(snippet.isWellFormed()).toBe(text.isWellFormed() || snippet.isWellFormed());
        expect(snippet.length).toBeLessThanOrEqual(162);
        expect(countFound(snippet, searched)).toBe(1);
      }),
    );
  });
});
