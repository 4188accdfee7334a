import { setupI18n } from '@lingui/core';
import { readLocal, writeLocal } from '../lib/local-store.ts';
import { en } from './en.ts';
import {
  directionOf,
  isLanguage,
  type Language,
  languages,
  localesOf,
  preferredLanguage,
} from './languages.ts';
import type { Text, Translation } from './translation.ts';

/** The texts of the page in one language. */
export interface Texts {
  readonly language: Language;
  /** The tags for `Intl`. */
  readonly locales: readonly string[];
  readonly text: Text;
}

/** The language that the user chose. */
export type LanguageChoice = Language | 'browser';

const storedAt = 'parley.language';
const listeners = new Set<() => void>();
let shown = textsIn('en', en);
/** The language of the embedding page. It takes precedence over the user's choice. */
let given: Language | undefined;

/** Returns the texts of a language whose catalogue is loaded. */
export function textsIn(language: Language, catalogue: Translation): Texts {
  const locales = localesOf(language, globalThis.navigator?.languages ?? []);
  const i18n = setupI18n({ locale: language, locales, messages: { [language]: { ...catalogue } } });
  return { language, locales, text: (id, ...[values]) => i18n._(id, values) };
}

/** Returns the texts in the language of the page. Components use `useTexts`. */
export const currentTexts = (): Texts => shown;

/** Calls `listener` when the page gets another language. Returns a function that stops this. */
export function subscribeTexts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Loads the texts before the first rendering, and follows later choices in other tabs. `wanted` is the language of an
 * embedding page.
 */
export async function openTexts(wanted?: string): Promise<void> {
  given = wanted === undefined ? undefined : preferredLanguage([wanted]);
  window.addEventListener('languagechange', () => void showLanguage());
  window.addEventListener('storage', ({ key }) => {
    if (key === storedAt || key === null) void showLanguage();
  });
  await showLanguage();
}

/** Returns the stored choice. */
export function readLanguageChoice(): LanguageChoice {
  const stored = readLocal(storedAt);
  return isLanguage(stored) ? stored : 'browser';
}

/** Stores a choice and shows the page in its language. */
export async function chooseLanguage(choice: LanguageChoice): Promise<void> {
  writeLocal(storedAt, choice === 'browser' ? null : choice);
  await showLanguage();
}

async function showLanguage(): Promise<void> {
  const language = wantedLanguage();
  try {
    const catalogue = await languages[language].load();
    // Another language may have been chosen in the meantime.
    if (language !== wantedLanguage()) return;
    shown = textsIn(language, catalogue);
  } catch {
    // Offline: the page keeps its language.
  }
  document.documentElement.lang = shown.language;
  document.documentElement.dir = directionOf(shown.language);
  for (const listener of listeners) listener();
}

function wantedLanguage(): Language {
  if (given) return given;
  const choice = readLanguageChoice();
  return choice === 'browser' ? (preferredLanguage(navigator.languages) ?? 'en') : choice;
}
