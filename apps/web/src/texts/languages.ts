import { en } from './en.ts';
import type { Translation } from './translation.ts';

/** A language of the page. */
export type Language = 'en' | 'de';

/** The languages of the page. English is part of the first load, the others are loaded when they are used. */
export const languages: Readonly<
  Record<Language, { readonly name: string; readonly load: () => Promise<Translation> }>
> = {
  en: { name: 'English', load: () => Promise.resolve(en) },
  de: { name: 'Deutsch', load: async () => (await import('./de.ts')).de },
};

/** Returns true for a language of the page. */
export function isLanguage(value: unknown): value is Language {
  return typeof value === 'string' && Object.hasOwn(languages, value);
}

/** Returns the first wanted language that the page has. `wanted` are tags such as `de-AT`. */
export function preferredLanguage(wanted: readonly string[]): Language | undefined {
  return wanted.map(primaryOf).find(isLanguage);
}

/**
 * Returns the tags for numbers and dates in a language: the wanted ones of that language come first. Browsers in a POSIX locale
 * want `en-US@posix`, which is no tag, and with which every format throws.
 */
export function localesOf(language: Language, wanted: readonly string[]): string[] {
  return [...wanted.filter((tag) => primaryOf(tag) === language && isTag(tag)), language];
}

function isTag(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
}

const RIGHT_TO_LEFT = new Set(['Adlm', 'Arab', 'Hebr', 'Nkoo', 'Rohg', 'Syrc', 'Thaa']);

/** Returns the direction of a language's script. */
export function directionOf(tag: string): 'ltr' | 'rtl' {
  return RIGHT_TO_LEFT.has(new Intl.Locale(tag).maximize().script ?? '') ? 'rtl' : 'ltr';
}

const primaryOf = (tag: string): string => tag.split('-', 1)[0]?.toLowerCase() ?? '';
