import { type CompiledMessage, compileMessage } from '@lingui/message-utils/compileMessage';
import { describe, expect, test } from 'vitest';
import { en } from './en.ts';
import {
  directionOf,
  isLanguage,
  type Language,
  languages,
  localesOf,
  preferredLanguage,
} from './languages.ts';
import { textsIn } from './texts.ts';
import type { TextId, Translation } from './translation.ts';

const ids = Object.keys(en) as TextId[];
const translations = await Promise.all(
  (Object.keys(languages) as Language[]).map(
    async (language) => [language, await languages[language].load()] as const,
  ),
);

/** Words that other languages share with English. */
const SHARED: Readonly<Record<Language, readonly TextId[]>> = {
  en: ids,
  de: [
    'chats.list',
    'search.chats',
    'chat.heading',
    'content.code',
    'content.code-in',
    'new.agent',
    'settings.system',
    'shortcuts.escape',
    'embed.title',
  ],
};

describe.each(translations)('the texts of %s', (language, texts) => {
  test('the texts are complete and translated', () => {
    expect(Object.keys(texts)).toEqual(ids);
    expect(ids.filter((id) => texts[id].trim() === '')).toEqual([]);
    expect(ids.filter((id) => texts[id] === en[id])).toEqual(SHARED[language]);
  });

  test('each text has the values of the English one', () => {
    const differing = ids.filter((id) => String(valuesOf(texts[id])) !== String(valuesOf(en[id])));
    expect(differing).toEqual([]);
  });

  test('each plural has the forms of the language', () => {
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
    const forms = ids.flatMap((id) => pluralsOf(texts[id]).map((form) => [id, form]));
    expect(forms.length).toBeGreaterThan(0);
    expect(forms).toEqual(forms.map(([id]) => [id, [...pluralCategories].sort().join()]));
  });

  test('each error has a title without a full stop, and advice with one', () => {
    for (const id of ids.filter((each) => each.startsWith('problem.'))) {
      if (id.endsWith('.title')) expect(texts[id]).toMatch(/^\p{Lu}[^.]+$/u);
      else expect(texts[id]).toMatch(/\.$/);
    }
  });
});

/** Returns the names and kinds of the values in a text. */
function valuesOf(text: string): string[] {
  const names = new Set<string>();
  visit(compileMessage(text), ([name, kind = '']) => names.add(`${name} ${kind}`));
  return [...names].sort();
}

/** Returns the forms of each plural in a text. */
function pluralsOf(text: string): string[] {
  const forms: string[] = [];
  visit(compileMessage(text), ([, kind, cases]) => {
    if (kind === 'plural')
      forms.push(
        Object.keys(cases as object)
          .filter((form) => form !== 'offset')
          .sort()
          .join(),
      );
  });
  return forms;
}

type Value = Exclude<Extract<CompiledMessage, readonly unknown[]>[number], string>;

function visit(message: CompiledMessage, each: (value: Value) => void): void {
  if (typeof message === 'string') return;
  for (const token of message) {
    if (typeof token === 'string') continue;
    each(token);
    for (const part of Object.values(token[2] ?? {})) if (Array.isArray(part)) visit(part, each);
  }
}

test('texts are formatted by the rules of their language', async () => {
  const { text } = textsIn('en', en);
  expect([text('answer.queued', { count: 1 }), text('answer.queued', { count: 2_000 })]).toEqual([
    '1 message before this one',
    '2,000 messages before this one',
  ]);
  const german = textsIn('de', (await languages.de.load()) as Translation);
  expect(german.text('composer.too-long', { count: 1, max: 32_000 })).toBe(
    '1 Zeichen zu lang. Nachrichten können bis zu 32.000 Zeichen haben.',
  );
  expect(german.text('answer.queued', { count: 2 })).toBe('Noch 2 Nachrichten davor');
});

test('the first wanted language that exists is preferred, by its primary subtag', () => {
  expect(preferredLanguage(['fr-FR', 'DE-at', 'en-US'])).toBe('de');
  expect(preferredLanguage(['fr'])).toBeUndefined();
  expect(preferredLanguage([])).toBeUndefined();
  expect(isLanguage('toString')).toBe(false);
});

test('numbers and dates follow the wanted region of the language', () => {
  expect(localesOf('en', ['de-CH', 'en-GB', 'en'])).toEqual(['en-GB', 'en', 'en']);
  expect(localesOf('de', ['en-GB'])).toEqual(['de']);
});

test('a wanted language that is no tag, as browsers in a POSIX locale have, is left out of formats', () => {
  expect(localesOf('en', ['en-US@posix', 'en-GB'])).toEqual(['en-GB', 'en']);
});

test.each([
  ['en', 'ltr'],
  ['de', 'ltr'],
  ['ar', 'rtl'],
  ['he-IL', 'rtl'],
  ['fa', 'rtl'],
  ['ur-PK', 'rtl'],
  ['az-Arab', 'rtl'],
  ['az', 'ltr'],
] as const)('the direction of %s is %s', (tag, direction) => {
  expect(directionOf(tag)).toBe(direction);
});
