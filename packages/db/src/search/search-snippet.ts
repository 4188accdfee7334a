import { startsInCharacter } from '@parley/contract';
import { type SearchWord, wordsIn } from './search-words.ts';

/** The length of a snippet in UTF-16 units, and how much of it may precede the first found word. */
const LENGTH = 160;
const LEAD = 48;

/** Counts the words of a search that a text contains. */
export function countFound(text: string, searched: readonly SearchWord[]): number {
  const left = new Set(searched);
  for (const { word } of wordsIn(text)) {
    for (const one of left) if (isFoundBy(word, one)) left.delete(one);
    if (left.size === 0) break;
  }
  return searched.length - left.size;
}

/** The part of a text around the first word that a search finds, on one line, with `…` where text is left out. */
export function snippetOf(text: string, searched: readonly SearchWord[]): string {
  const from = startOf(text, firstFound(text, searched));
  const to = endOf(text, from + LENGTH);
  const line = text.slice(from, to).replaceAll(/\s+/g, ' ').trim();
  return `${from > 0 ? '…' : ''}${line}${to < text.length ? '…' : ''}`;
}

function firstFound(text: string, searched: readonly SearchWord[]): number {
  for (const { word, at } of wordsIn(text)) if (searched.some((one) => isFoundBy(word, one))) return at;
  return 0;
}

function isFoundBy(word: string, { word: asked, isBeginning }: SearchWord): boolean {
  return isBeginning ? word.startsWith(asked) : word === asked;
}

/** Begins at a word if one begins shortly after, and never inside a character. */
function startOf(text: string, found: number): number {
  if (found <= LEAD) return 0;
  const from = found - LEAD;
  const space = text.slice(from, found).search(/\s/);
  if (space !== -1) return from + space + 1;
  return startsInCharacter(text.slice(from)) ? from + 1 : from;
}

function endOf(text: string, to: number): number {
  if (to >= text.length) return text.length;
  return startsInCharacter(text.slice(to)) ? to - 1 : to;
}
