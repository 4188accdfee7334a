import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isPlainTape,
  isWholePart,
  markOf,
  moreOf,
  type OpenPart,
  PLAIN_PLACE,
  partsOf,
  placeAfter,
  type TapePart,
  tapeOf,
  textOfTape,
  toPlainTape,
  walkTape,
} from './tape.ts';

/** Any text that an answer may have: well formed and without NUL. */
const text = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 6 })
  .filter((one) => one.isWellFormed() && !one.includes('\0'));
const part: fc.Arbitrary<TapePart> = fc.oneof(
  text.map((one): TapePart => ({ type: 'text', text: one })),
  text.map((one): TapePart => ({ type: 'reasoning', text: one })),
  text.map((one): TapePart => ({ type: 'reasoning', text: one, isShown: true })),
  fc
    .record({ id: text, name: text, arguments: fc.string({ unit: 'binary' }), title: text })
    .map((fields): TapePart => ({ type: 'tool-call', show: 'activity', ...fields })),
  fc
    .record({ id: text, name: text, result: fc.string({ unit: 'binary' }), ms: fc.nat() })
    .map((fields): TapePart => ({ type: 'tool-result', show: 'everything', isError: true, ...fields })),
  fc.record({ id: text, url: text, title: text }).map((fields): TapePart => ({ type: 'source', ...fields })),
);

const kindOf = (one: TapePart) => (one.type === 'reasoning' && one.isShown ? 'shown' : one.type);

/** Neighbors of one kind are one part. */
const parts = fc
  .array(part, { maxLength: 8 })
  .map((all) =>
    all.filter((one, index) => {
      const before = all[index - 1];
      return isWholePart(one) || !before || kindOf(before) !== kindOf(one);
    }),
  )
  .filter((all) =>
    all.every((one, index) => {
      const before = all[index - 1];
      return isWholePart(one) || !before || kindOf(before) !== kindOf(one);
    }),
  );

/** The pieces that a run appends for a part: character by character, or the whole part. */
function piecesOf(
  one: TapePart,
): ((open: OpenPart | undefined) => { piece: string; open: OpenPart | undefined })[] {
  if (isWholePart(one)) return [() => ({ piece: markOf(one), open: undefined })];
  const kind = one.type === 'text' ? 'text' : one.isShown ? 'shown-reasoning' : 'reasoning';
  return [...one.text].map((unit) => (open) => ({ piece: moreOf(kind, unit, open), open: kind }));
}

describe('a tape', () => {
  test('a tape has the parts that it was made of', () => {
    fc.assert(
      fc.property(parts, (all) => {
        expect(partsOf(tapeOf(all))).toEqual(all);
      }),
    );
  });

  test('a tape that grows piece by piece equals the tape of its parts, and each piece continues the place before it', () => {
    fc.assert(
      fc.property(parts, (all) => {
        let tape = '';
        let open: OpenPart | undefined = PLAIN_PLACE.open;
        for (const append of all.flatMap(piecesOf)) {
          const appended = append(open);
          const before = placeAfter(tape);
          expect(before?.open).toBe(open);
          expect(placeAfter(appended.piece, before)).toEqual(placeAfter(tape + appended.piece));
          tape += appended.piece;
          open = appended.open;
        }
        expect(tape).toBe(tapeOf(all));
      }),
    );
  });

  test('a tape of text alone is that text, and has no mark', () => {
    fc.assert(
      fc.property(text, (one) => {
        const tape = tapeOf([{ type: 'text', text: one }]);
        expect([tape, isPlainTape(tape), textOfTape(tape)]).toEqual([one, true, one]);
      }),
    );
  });

  test('the text of a tape is the joined text of its text parts', () => {
    fc.assert(
      fc.property(parts, (all) => {
        const joined = all.map((one) => (one.type === 'text' ? one.text : '')).join('');
        expect(textOfTape(tapeOf(all))).toBe(joined);
      }),
    );
  });

  test('a tape cut within a mark has no place there, and a tape cut anywhere else goes on from its place', () => {
    fc.assert(
      fc.property(parts, fc.nat(60), (all, at) => {
        const tape = tapeOf(all);
        const place = placeAfter(tape.slice(0, at));
        if (!place) return;
        const after = placeAfter(tape.slice(at), place);
        if (after) expect(after).toEqual(placeAfter(tape));
      }),
    );
    const tape = tapeOf([{ type: 'tool-call', id: 'a', name: 'b', arguments: '{}', show: 'activity' }]);
    for (let at = 1; at < tape.length; at++) expect(placeAfter(tape.slice(0, at))).toBeUndefined();
    expect(() => [...walkTape('text', { open: undefined, index: 1 })]).toThrow(SyntaxError);
    expect(placeAfter('\0X')).toBeUndefined();
  });

  test('a text with NUL, as another system may export it, becomes a tape without marks', () => {
    expect(toPlainTape('a\0Rb')).toBe('a\uFFFDRb');
    expect(toPlainTape('ab')).toBe('ab');
  });
});
