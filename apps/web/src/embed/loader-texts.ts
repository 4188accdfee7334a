import type { Translation } from '../texts/translation.ts';

/** The texts of `/embed.js`, which has no room for a library: it replaces the values itself. */
export type LoaderTexts = readonly [
  chat: string,
  open: string,
  close: string,
  newAnswer: string,
  unreachable: string,
];

/** Picks the texts of `/embed.js` from a catalogue. The build puts them into the script. */
export function loaderTextsOf(texts: Translation): LoaderTexts {
  return [
    texts['embed.title'],
    texts['embed.open'],
    texts['embed.close'],
    texts['embed.new-answer'],
    texts['embed.unreachable'],
  ];
}
