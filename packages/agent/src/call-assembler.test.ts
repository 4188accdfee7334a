import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CallAssembler } from './call-assembler.ts';
import type { ToolCallPiece } from './model/model.ts';

const weather = {
  name: 'weather',
  description: '',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
};
const time = { name: 'time', description: '', parameters: { type: 'object', properties: {} } };

type Piece = Omit<ToolCallPiece, 'type'>;

function assemble(pieces: readonly Piece[]) {
  const assembler = new CallAssembler([weather, time]);
  for (const piece of pieces) assembler.take({ type: 'tool-call', ...piece });
  return assembler.all();
}

const read = (pieces: readonly Piece[]) =>
  assemble(pieces).calls.map(({ name, arguments: written }) => `${name} ${written}`);

const OSLO = '{"city":"Oslo"}';
const BERGEN = '{"city":"Bergen"}';

describe('several calls', () => {
  test.each<[string, Piece[]]>([
    [
      'numbered and interleaved',
      [
        { index: 0, id: 'a', name: 'weather', arguments: '' },
        { index: 1, id: 'b', name: 'weather', arguments: '' },
        { index: 0, arguments: OSLO },
        { index: 1, arguments: BERGEN },
      ],
    ],
    [
      'each whole, all under one number',
      [
        { index: 0, id: 'a', name: 'weather', arguments: OSLO },
        { index: 0, id: 'b', name: 'weather', arguments: BERGEN },
      ],
    ],
    [
      'each whole, without a number or an id',
      [
        { name: 'weather', arguments: OSLO },
        { name: 'weather', arguments: BERGEN },
      ],
    ],
    [
      'in order, by id alone',
      [
        { id: 'a', name: 'weather', arguments: '{"city":' },
        { arguments: '"Oslo"}' },
        { id: 'b', name: 'weather', arguments: '' },
        { arguments: BERGEN },
      ],
    ],
  ])('several calls are distinguished: %s', (_, pieces) => {
    expect(read(pieces)).toEqual([`weather ${OSLO}`, `weather ${BERGEN}`]);
  });

  test('calls of two tools without a number or an id are distinguished by their names', () => {
    const pieces = [{ name: 'weather', arguments: OSLO }, { name: 'time' }];
    expect(read(pieces)).toEqual([`weather ${OSLO}`, 'time ']);
  });

  test('all calls are unreadable if one of them is incomplete', () => {
    const { calls, areWhole } = assemble([
      { index: 0, id: 'a', name: 'weather', arguments: OSLO },
      { index: 1, id: 'b', name: 'weather', arguments: '{"ci' },
    ]);
    expect(areWhole).toBe(false);
    for (const call of calls) expect(() => JSON.parse(call.arguments)).toThrow();
  });

  test('all calls are unreadable if one of them lacks arguments that its tool takes', () => {
    const { areWhole } = assemble([
      { index: 0, id: 'a', name: 'weather' },
      { index: 1, id: 'b', name: 'weather', arguments: OSLO },
    ]);
    expect(areWhole).toBe(false);
  });
});

describe('one call', () => {
  test('a call whose name is repeated after its arguments is one call', () => {
    expect(
      read([
        { name: 'weather', arguments: OSLO },
        { name: 'weather', arguments: '' },
      ]),
    ).toEqual([`weather ${OSLO}`]);
  });

  test('a call that is sent twice as a whole is one call', () => {
    const whole = { index: 0, id: 'a', name: 'weather', arguments: OSLO };
    expect(read([whole, whole])).toEqual([`weather ${OSLO}`]);
  });

  test('a call may have no arguments', () => {
    expect(assemble([{ index: 0, id: 'a', name: 'time' }])).toMatchObject({
      areWhole: true,
      calls: [{ name: 'time', arguments: '' }],
    });
  });

  test('a call is unreadable if other arguments follow under its number', () => {
    const { areWhole } = assemble([
      { index: 0, id: 'a', name: 'weather', arguments: OSLO },
      { index: 0, arguments: BERGEN },
    ]);
    expect(areWhole).toBe(false);
  });

  test('a call names no tool if its parts name two', () => {
    const [call] = assemble([
      { index: 0, id: 'a', name: 'weather', arguments: '' },
      { index: 0, name: 'time', arguments: OSLO },
    ]).calls;
    expect(call?.name).toBe('weathertime');
  });

  test('an endless call is given up', () => {
    const pieces = Array.from({ length: 65 }, (_, index) => ({ index, id: `c${index}`, name: 'time' }));
    expect(() => assemble(pieces)).toThrow();
  });
});

/** Deviations of a piece, except in its arguments. */
const marks: fc.Arbitrary<Damage> = fc.record({
  index: fc.constantFrom('true', 'missing', 'changed'),
  id: fc.constantFrom('true', 'missing', 'changed'),
  name: fc.constantFrom('missing', 'repeated', 'other tool'),
  isArgumentless: fc.boolean(),
});
const texts = fc.oneof(fc.constantFrom('Oslo', '', '{}', '"', '}{', '\\', 'null', '[1]', 'x'), fc.string());
const values = fc.letrec((tie) => ({
  value: fc.oneof(texts, fc.integer(), fc.constant(null), tie('object')),
  object: fc.dictionary(texts, tie('value'), { minKeys: 1, maxKeys: 3 }),
})).object;

/** Cuts the call into pieces and damages the fields that connect them. */
function toPieces(written: string, cuts: readonly number[], damages: readonly Damage[]): Piece[] {
  const places = [
    0,
    ...cuts.map((cut) => cut % (written.length + 1)).toSorted((a, b) => a - b),
    written.length,
  ];
  const parts = places.slice(1).map((place, part) => written.slice(places[part], place));
  return parts.flatMap((part, position): Piece[] => {
    const damage = damages[position % damages.length];
    if (position === 0 || !damage) return [{ index: 0, id: 'call_a', name: 'weather', arguments: part }];
    const piece = { ...keysOf(damage, position), arguments: part };
    return damage.isArgumentless ? [{ ...piece, arguments: '' }, piece] : [piece];
  });
}

interface Damage {
  readonly index: 'true' | 'missing' | 'changed';
  readonly id: 'true' | 'missing' | 'changed';
  readonly name: 'missing' | 'repeated' | 'other tool';
  readonly isArgumentless: boolean;
}

/**
 * A name with a new index and a new id begins another call, because nothing else separates two calls. So one of the
 * three stays correct.
 */
function keysOf({ index, id, name }: Damage, position: number): Piece {
  const isOtherCall = name !== 'missing' && index !== 'true' && id !== 'true';
  return {
    ...(index === 'true' || isOtherCall ? { index: 0 } : index === 'changed' && { index: position }),
    ...(id === 'true' ? { id: 'call_a' } : id === 'changed' && { id: `call_${position}` }),
    ...(name === 'repeated' ? { name: 'weather' } : name === 'other tool' && { name: 'time' }),
  };
}

test('pieces of a call, however cut and damaged, give that call or none that can be made', () => {
  fc.assert(
    fc.property(
      values,
      fc.array(fc.nat(), { maxLength: 6 }),
      fc.array(marks, { minLength: 1 }),
      (value, cuts, all) => {
        const written = JSON.stringify(value);
        for (const call of assemble(toPieces(written, cuts, all)).calls) {
          const isMade = isObject(call.arguments) && (call.name === 'weather' || call.name === 'time');
          if (isMade) expect(`${call.name} ${call.arguments}`).toBe(`weather ${written}`);
        }
      },
    ),
    { numRuns: 3_000 },
  );
});

test('pieces of a call with correct numbers and ids give that call, with any text before its arguments', () => {
  fc.assert(
    fc.property(values, fc.array(fc.nat(), { maxLength: 6 }), fc.boolean(), (value, cuts, isPreceded) => {
      const written = JSON.stringify(value);
      const damages = [{ index: 'true', id: 'missing', name: 'missing', isArgumentless: false }] as const;
      const placeholder = { index: 0, id: 'call_a', name: 'weather', arguments: '{}' };
      const pieces = [...(isPreceded ? [placeholder] : []), ...toPieces(written, cuts, damages)];
      expect(read(pieces)).toEqual([`weather ${written}`]);
    }),
  );
});

function isObject(text: string): boolean {
  // The arguments of a call: an empty text means an empty object.
  if (text.trim() === '') return true;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
