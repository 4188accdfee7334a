import { withoutCaseAndAccents, withoutSpecialLetters } from '../search/fold-text.ts';

/*
 * Titles are found by the beginnings of their words, which are stored: an index then answers a search in the order of
 * the list, without sorting and without reading other documents.
 */

/**
 * The maximum number of searched words of a title, and of searched characters of a word. Each beginning is a key of
 * the index.
 */
const WORDS_MAX = 8;
const BEGINNING_LENGTH_MAX = 8;

/** Splits words in scripts that put no spaces between them. */
const segmenter = new Intl.Segmenter('en', { granularity: 'word' });

/**
 * The words of a text as they are searched, without case and accents, each with its spellings: a title matches if it has
 * one of them. The typed spelling finds titles of earlier releases, which have no others.
 */
export function wordsOf(text: string): string[][] {
  const spellings = folded(text)
    .slice(0, WORDS_MAX)
    .map((word) => [...new Set([beginning(word), plainSpelling(word)])]);
  return [...new Map(spellings.map((all) => [all[0], all])).values()];
}

/**
 * All beginnings of the words of a title, of their parts between punctuation (`js` of `Node.js`) and of their spelling
 * without special letters (`Lodz` for `Łódź`), and the substrings of Chinese, Japanese and Korean words.
 */
export function beginningsOf(title: string): string[] {
  const words = folded(title).slice(0, WORDS_MAX);
  const spelled = words.flatMap((word) => [word, ...word.split(PUNCTUATION)]);
  const beginnings = spelled.flatMap((word) => [word, withoutSpecialLetters(word)]).flatMap(beginningsOfWord);
  return [...new Set([...beginnings, ...cjkSubstrings(words.join(' '))])];
}

/** The form in which a title stores a word beside the typed one: in plain letters, or as a substring. */
function plainSpelling(word: string): string {
  const composed = word.normalize('NFC');
  if (ONLY_CJK.test(composed)) return [...composed].slice(0, SUBSTRING_LENGTH_MAX).join('');
  return beginning(withoutSpecialLetters(word));
}

function beginningsOfWord(word: string): string[] {
  const letters = [...word].slice(0, BEGINNING_LENGTH_MAX);
  return letters.map((_, index) => letters.slice(0, index + 1).join(''));
}

const PUNCTUATION = /[^\p{L}\p{N}]+/u;

/** The number and the length of the searched pieces of Chinese, Japanese and Korean words. */
const SUBSTRINGS_MAX = 24;
const SUBSTRING_LENGTH_MAX = 4;
const CJK_WORDS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー]+/gu;
const ONLY_CJK = new RegExp(`^${CJK_WORDS.source}$`, 'u');

/** These scripts put no spaces between words, or join them, so a search may begin at each character. */
function cjkSubstrings(text: string): string[] {
  const substrings: string[] = [];
  let left = SUBSTRINGS_MAX;
  // Korean syllables were taken apart into letters.
  for (const [word] of text.replaceAll(' ', '').normalize('NFC').matchAll(CJK_WORDS)) {
    const letters = [...word].slice(0, left);
    left -= letters.length;
    for (const [at] of letters.entries())
      for (let length = 1; length <= SUBSTRING_LENGTH_MAX && at + length <= letters.length; length++)
        substrings.push(letters.slice(at, at + length).join(''));
  }
  return substrings;
}

function beginning(word: string): string {
  return [...word].slice(0, BEGINNING_LENGTH_MAX).join('');
}

function folded(text: string): string[] {
  return [...segmenter.segment(withoutCaseAndAccents(text))]
    .filter(({ isWordLike }) => isWordLike)
    .map(({ segment }) => segment);
}
