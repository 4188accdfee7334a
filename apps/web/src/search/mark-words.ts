/** A piece of a text. */
export interface Piece {
  readonly text: string;
  /** A word of the search is here. */
  readonly isMarked: boolean;
}

/** Shorter words are only marked whole: the server does not complete them in messages either. */
const beginningLengthMin = 3;
const wordForm = /[\p{L}\p{N}\p{M}]+/gu;
const letterForm = /[\p{L}\p{N}\p{M}]/u;
/** Scripts without spaces between words: a word may begin and end anywhere. */
const unspacedForm =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]/u;
/** Letters that Unicode does not decompose into a plain letter and a mark. */
const plainLetters: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd' },
  ...{ ð: 'd', þ: 'th', ħ: 'h', ŧ: 't', ı: 'i' },
};

/** Divides a text at the words of a search, or words that begin so, without regard to case and accents. */
export function markWords(text: string, search: string): readonly Piece[] {
  const words = new Set(fold(search).match(wordForm) ?? []);
  const { folded, places } = foldWithPlaces(text);
  const marked = new Uint8Array(text.length);
  for (const word of words) {
    for (let at = folded.indexOf(word); at !== -1; at = folded.indexOf(word, at + 1)) {
      const end = at + word.length;
      if (isFound(folded, at, end)) marked.fill(1, places[at], places[end] ?? text.length);
    }
  }
  return piecesOf(text, marked);
}

function isFound(folded: string, at: number, end: number): boolean {
  const [first, last] = [folded.slice(at, at + 1), folded.slice(end - 1, end)];
  const beginsWord = unspacedForm.test(first) || !letterForm.test(folded.slice(at - 1, at));
  const endsWord = unspacedForm.test(last) || !letterForm.test(folded.slice(end, end + 1));
  return beginsWord && (endsWord || end - at >= beginningLengthMin);
}

function piecesOf(text: string, marked: Uint8Array): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < text.length; ) {
    const isMarked = marked[at] === 1;
    const change = marked.indexOf(isMarked ? 0 : 1, at);
    const end = change === -1 ? text.length : change;
    pieces.push({ text: text.slice(at, end), isMarked });
    at = end;
  }
  return pieces;
}

/** The folded text, and for each of its units the place in the text that it comes from. */
function foldWithPlaces(text: string): { readonly folded: string; readonly places: readonly number[] } {
  let folded = '';
  const places: number[] = [];
  let at = 0;
  for (const character of text) {
    const units = fold(character);
    folded += units;
    for (let unit = 0; unit < units.length; unit++) places.push(at);
    at += character.length;
  }
  return { folded, places };
}

function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .normalize('NFC')
    .replaceAll(/[ßæœøłđðþħŧı]/g, (letter) => plainLetters[letter] ?? letter);
}
