/*
 * Titles are found by the beginnings of their words, each stored: an index then answers a search in the order of
 * the list, without sorting and without reading what does not match.
 */

/** Of a title, this many words are searched; of a word, this many characters. Each pair is a key of the index. */
const WORDS_MAX = 8;
const BEGINNING_LENGTH_MAX = 8;

/** Knows words in scripts that put no spaces between them. */
const segmenter = new Intl.Segmenter('en', { granularity: 'word' });

/** The words of a text as they are searched for: without case and accents, each no longer than a beginning. */
export function wordsOf(text: string): string[] {
  return [...new Set(folded(text).slice(0, WORDS_MAX).map(beginning))];
}

/** All beginnings of the words of a title. */
export function beginningsOf(title: string): string[] {
  const words = folded(title)
    .slice(0, WORDS_MAX)
    .map((word) => [...word].slice(0, BEGINNING_LENGTH_MAX));
  return [
    ...new Set(words.flatMap((letters) => letters.map((_, index) => letters.slice(0, index + 1).join('')))),
  ];
}

function beginning(word: string): string {
  return [...word].slice(0, BEGINNING_LENGTH_MAX).join('');
}

function folded(text: string): string[] {
  const plain = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  return [...segmenter.segment(plain)].filter(({ isWordLike }) => isWordLike).map(({ segment }) => segment);
}
