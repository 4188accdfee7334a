import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { markWords } from './mark-words.ts';

const shown = (text: string, search: string) =>
  markWords(text, search)
    .map((piece) => (piece.isMarked ? `[${piece.text}]` : piece.text))
    .join('');

describe('markWords', () => {
  test.each([
    ['The sky is blue', 'SKY', 'The [sky] is blue'],
    ['Crème brûlée', 'creme bru', '[Crème] [brû]lée'],
    ['the brûlée', 'brule', 'the [brûlé]e'],
    ['tomorrow to Rome', 'to', 'tomorrow [to] Rome'],
    ['Straße nach Łódź', 'strasse lodz', '[Straße] nach [Łódź]'],
    ['一个蓝天白云', '蓝天', '一个[蓝天]白云'],
    ['안녕하세요', '하세', '안녕[하세]요'],
    ['c++ and (c)', '+ c', '[c]++ and ([c])'],
    ['nothing here', '?!', 'nothing here'],
    ['', 'word', ''],
  ])('marks in "%s" what "%s" finds', (text, search, expected) => {
    expect(shown(text, search)).toBe(expected);
  });

  test('the pieces are the text, whatever is searched', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, (one, search) => {
        const pieces = markWords(one, search);
        expect(pieces.map((piece) => piece.text).join('')).toBe(one);
        for (const [index, piece] of pieces.entries()) {
          expect(piece.text).not.toBe('');
          expect(piece.isMarked).not.toBe(pieces[index - 1]?.isMarked);
        }
      }),
    );
  });
});
