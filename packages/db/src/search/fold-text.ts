/** A text as searches compare it: without case and accents, with compatible characters as one. It is decomposed (NFKD). */
export function withoutCaseAndAccents(text: string): string {
  return text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

/** Letters that Unicode does not decompose into a plain letter and a mark. */
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

/** A text in small letters with plain ones in place of special ones: `lodz` for `łodz`. */
export function withoutSpecialLetters(text: string): string {
  return text.replaceAll(/[ßæœøłđðþħŧı]/g, (letter) => PLAIN_LETTERS[letter] ?? letter);
}
