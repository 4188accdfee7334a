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

/**
 * All beginnings of the words of a title, of their parts between punctuation (`js` of `Node.js`) and of their spelling
 * without special letters (`Lodz` for `Łódź`), and the substrings of Chinese and Japanese words. Searches ask
 * for words as they are typed, so titles that were stored with fewer of these are found as before.
 */
export function beginningsOf(title: string): string[] {
  const words = folded(title).slice(0, WORDS_MAX);
  const spelled = words.flatMap((word) => [word, ...word.split(PUNCTUATION)]);
  const beginnings = spelled.flatMap((word) => [word, withoutSpecialLetters(word)]).flatMap(beginningsOfWord);
  return [...new Set([...beginnings, ...cjkSubstrings(words.join(' '))])];
}

function beginningsOfWord(word: string): string[] {
  const letters = [...word].slice(0, BEGINNING_LENGTH_MAX);
  return letters.map((_, index) => letters.slice(0, index + 1).join(''));
}

const PUNCTUATION = /[^\p{L}\p{N}]+/u;

/** Letters that Unicode does not take apart into a plain letter and a mark. */
const PLAIN_LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ŧ: 't',
  ı: 'i',
};

function withoutSpecialLetters(word: string): string {
  return word.replaceAll(/[ßæœøłđðþħŧı]/g, (letter) => PLAIN_LETTERS[letter] ?? letter);
}

/** Of Chinese and Japanese, this many characters are searched within words, in pieces of this length. */
const SUBSTRINGS_MAX = 24;
const SUBSTRING_LENGTH_MAX = 4;
const CJK_WORDS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]+/gu;

/** These scripts have no spaces between words, so a search may begin at each character. */
function cjkSubstrings(text: string): string[] {
  const substrings: string[] = [];
  let left = SUBSTRINGS_MAX;
  for (const [word] of text.replaceAll(' ', '').matchAll(CJK_WORDS)) {
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
  const plain = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  return [...segmenter.segment(plain)].filter(({ isWordLike }) => isWordLike).map(({ segment }) => segment);
}
