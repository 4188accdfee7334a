import fc from 'fast-check';
import { expect, test } from 'vitest';
import { beginningsOf, wordsOf } from './title-words.ts';

test('a title is found by the beginnings of its words, without case and accents', () => {
  expect(beginningsOf('Déjà Vu')).toEqual(['d', 'de', 'dej', 'deja', 'v', 'vu']);
  expect(wordsOf(' VU, dé! ')).toEqual([['vu'], ['de']]);
});

test('titles are found in scripts without spaces between words', () => {
  const beginnings = beginningsOf('東京の天気');
  for (const [word] of wordsOf('天気')) expect(beginnings).toContain(word);
  expect(wordsOf('天気').length).toBeGreaterThan(0);
});

test.each([
  ['Łódź by tram', 'lodz'],
  ['Łódź by tram', 'łódź'],
  ['Große Straße', 'strasse'],
  ['Große Straße', 'straße'],
  ['Ærø og Øresund', 'aero oresund'],
  ['Đà Nẵng', 'da nang'],
  ['Using Node.js well', 'js'],
  ['Using Node.js well', 'node.js'],
  ['東京都庁の天気', '京都'],
  ['東京都庁の天気', '都庁'],
  ['我们明天去北京大学', '京大'],
  ['Lodz by tram', 'łódź'],
  ['Grosse Strasse', 'Große Straße'],
  ['Strassenbahn', 'straß'],
  ['Aero', 'Ærø'],
  ['Da Nang', 'Đà Nẵng'],
  ['서울대학교 축제', '대학교'],
  ['서울대학교 축제', '서울대학교'],
  ['서울대학교 축제', '학교 축제'],
  ['서울대학교 축제', '서우'],
  ['겨울 여행계획', '계획'],
])('the title %s is found by %s', (title, search) => {
  const words = wordsOf(search);
  expect(words).not.toEqual([]);
  const beginnings = beginningsOf(title);
  for (const spellings of words) expect(beginnings.filter((one) => spellings.includes(one))).not.toEqual([]);
});

test.each([
  ['Łódź', 'łodz'],
  ['대학교', '대학교'.normalize('NFKD').slice(0, 8)],
])('a search for %s also asks for the form of release 0.1.0', (search, stored) => {
  expect(wordsOf(search)[0]).toContain(stored);
});

test('a text without letters has no words to search for', () => {
  expect(wordsOf(' … ?!  ')).toEqual([]);
  expect(beginningsOf('***')).toEqual([]);
});

test('any beginning of any of the first words of any title finds it, and the index stays small', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.nat(7),
      fc.nat(8),
      (title, index, length) => {
        const beginnings = beginningsOf(title);
        expect(beginnings.length).toBeLessThanOrEqual(64 * 4 + 24 * 4);
        for (const [word] of wordsOf(title)) expect(beginnings).toContain(word);
        const word = wordsOf(title)[index % 8]?.[0];
        if (word === undefined) return;
        const typed = [...word].slice(0, length + 1).join('');
        expect(beginnings).toContain(typed);
      },
    ),
  );
});
