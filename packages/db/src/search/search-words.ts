import { withoutCaseAndAccents, withoutSpecialLetters } from './fold-text.ts';

/*
 * Messages are found by their words, which are stored: an index then answers a search newest first, without reading other
 * messages.
 */

/** The maximum number of different words of a turn that can be found. A long answer has about a thousand. */
const WORDS_MAX = 2_000;
/** Longer words, such as encoded data, are found by their beginning. */
const WORD_LENGTH_MAX = 32;
/** A search is for the first words of its text. */
const QUERY_WORDS_MAX = 16;
/** Beginnings of fewer letters begin too many words. */
const BEGINNING_LENGTH_MIN = 3;

const WORDS = /[\p{L}\p{N}\p{M}]+/gu;
/** Scripts that put no spaces between words, or join particles to them: each two neighboring letters count as a word. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]+/gu;
const ONLY_ASCII = /^[\0-\x7f]*$/;

/** A word of a search. */
export interface SearchWord {
  readonly word: string;
  /** It finds all words that begin with it, because it may not be typed to its end. */
  readonly isBeginning: boolean;
}

/** The different words of texts, without case and accents, as they are stored. */
export function searchWordsOf(texts: readonly string[]): string[] {
  const words = new Set<string>();
  for (const text of texts) {
    for (const { word } of wordsIn(text)) {
      words.add(word);
      if (words.size === WORDS_MAX) return [...words].sort();
    }
  }
  return [...words].sort();
}

/** The words that a search asks for, all of which must be in a message or its answer. Empty: it has only punctuation. */
export function parseSearch(text: string): SearchWord[] {
  const all = new Map<string, boolean>();
  for (const match of text.matchAll(WORDS)) {
    const isLast = match.index + match[0].length === text.length;
    for (const piece of piecesOf(fold(match[0]))) {
      const letters = [...piece.text];
      if (piece.isUnspaced && letters.length === 1) all.set(piece.text, true);
      else if (piece.isUnspaced) for (const word of pairsOf(letters)) all.set(word, false);
      else all.set(cut(piece.text), isLast && letters.length >= BEGINNING_LENGTH_MIN);
    }
  }
  return [...all].slice(0, QUERY_WORDS_MAX).map(([word, isBeginning]) => ({ word, isBeginning }));
}

/** The words of a text in their order, each with the place of its first letter in the text, in UTF-16 units. */
export function* wordsIn(text: string): Generator<{ readonly word: string; readonly at: number }> {
  for (const match of text.matchAll(WORDS)) {
    const at = match.index;
    for (const piece of piecesOf(fold(match[0]))) {
      if (!piece.isUnspaced) yield { word: cut(piece.text), at };
      else {
        const letters = [...piece.text];
        for (const [index, word] of pairsOf(letters).entries()) yield { word, at: at + piece.at + index };
        // A search for one letter finds pairs that begin with it. No pair begins with the last one.
        yield { word: letters.at(-1) ?? '', at: at + piece.at + letters.length - 1 };
      }
    }
  }
}

interface Piece {
  readonly text: string;
  /** Its place in the folded word. */
  readonly at: number;
  readonly isUnspaced: boolean;
}

/** Parts a word where its script changes between one with spaces and one without. */
function piecesOf(word: string): Piece[] {
  if (ONLY_ASCII.test(word)) return word === '' ? [] : [{ text: word, at: 0, isUnspaced: false }];
  const pieces: Piece[] = [];
  let end = 0;
  const addSpaced = (to: number) => {
    if (to > end) pieces.push({ text: word.slice(end, to), at: end, isUnspaced: false });
  };
  for (const match of word.matchAll(UNSPACED)) {
    addSpaced(match.index);
    pieces.push({ text: match[0], at: match.index, isUnspaced: true });
    end = match.index + match[0].length;
  }
  addSpaced(word.length);
  return pieces;
}

function pairsOf(letters: readonly string[]): string[] {
  return letters.slice(0, -1).map((letter, index) => letter + letters[index + 1]);
}

function cut(word: string): string {
  return word.length <= WORD_LENGTH_MAX ? word : [...word].slice(0, WORD_LENGTH_MAX).join('');
}

function fold(word: string): string {
  if (ONLY_ASCII.test(word)) return word.toLowerCase();
  // Korean syllables were taken apart into letters.
  return withoutSpecialLetters(withoutCaseAndAccents(word).normalize('NFC'));
}
