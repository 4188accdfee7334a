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

/** The calls that reach a tool: their tool exists, and their arguments are an object. */
const made = (pieces: readonly Piece[]) =>
  assemble(pieces).calls.filter(
    ({ name, arguments: written }) => (name === 'weather' || name === 'time') && isObject(written),
  );

describe('pieces that may belong to two calls', () => {
  test.each<[string, Piece[]]>([
    [
      'a text under the number of another tool',
      [
        { index: 0, id: 'a', name: 'weather', arguments: '{"city":"Os' },
        { index: 1, name: 'time', arguments: '' },
        { index: 1, arguments: '":null,"' },
        { index: 0, arguments: 'lo"}' },
      ],
    ],
    [
      'arguments without a number while another call is incomplete',
      [
        { index: 0, id: 'a', name: 'weather', arguments: '{"city":"' },
        { index: 1, name: 'time', arguments: '' },
        { arguments: 'null' },
        { index: 0, arguments: '"}' },
      ],
    ],
    [
      'a space with another name and number',
      [
        { index: 0, id: 'a', name: 'weather', arguments: '{"city":"New' },
        { index: 1, id: 'b', name: 'time', arguments: ' ' },
        { index: 0, arguments: 'York"}' },
      ],
    ],
    [
      '`null` with another name',
      [
        { index: 0, id: 'a', name: 'weather', arguments: '{"city":"' },
        { name: 'time', arguments: 'null' },
        { index: 0, arguments: '"}' },
      ],
    ],
    [
      'arguments beside a call of an unknown tool without any',
      [
        { index: 0, id: 'a', name: 'sun', arguments: '' },
        { index: 1, id: 'b', name: 'time', arguments: OSLO },
      ],
    ],
  ])('no tool is called if pieces may belong to two calls: %s', (_, pieces) => {
    expect(made(pieces)).toEqual([]);
  });
});

/** Deviations of a piece, except in its arguments. */
interface Damage {
  readonly index: 'true' | 'missing' | 'changed';
  readonly id: 'true' | 'missing' | 'changed';
  readonly name: 'missing' | 'weather' | 'time';
  /** An empty piece precedes it. */
  readonly isPreceded: boolean;
}
const damage: fc.Arbitrary<Damage> = fc.record({
  index: fc.constantFrom('true', 'missing', 'changed'),
  id: fc.constantFrom('true', 'missing', 'changed'),
  name: fc.constantFrom('missing', 'weather', 'time'),
  isPreceded: fc.boolean(),
});
const INTACT: Damage = { index: 'true', id: 'true', name: 'weather', isPreceded: false };

const texts = fc.oneof(fc.constantFrom('Oslo', '', '{}', '"', '}{', '\\', 'null', '[1]', 'x'), fc.string());
const values = fc.letrec((tie) => ({
  value: fc.oneof(texts, fc.integer(), fc.constant(null), tie('object')),
  object: fc.dictionary(texts, tie('value'), { minKeys: 1, maxKeys: 3 }),
})).object;

/** Cuts the call into pieces, and damages the fields that connect them: of the first piece, and of the others. */
function toPieces(
  written: string,
  cuts: readonly number[],
  first: Damage,
  others: readonly Damage[],
): Piece[] {
  const places = [
    0,
    ...cuts.map((cut) => cut % (written.length + 1)).toSorted((a, b) => a - b),
    written.length,
  ];
  const pieces: Piece[] = [];
  const known = new Set<unknown>();
  for (const [position, place] of places.slice(1).entries()) {
    const part = written.slice(places[position], place);
    const { isPreceded, ...fields } = (position === 0 ? first : others[position % others.length]) ?? INTACT;
    const keys = keysOf(fields, position);
    const named = fields.name === 'missing' ? keys : { ...keys, name: fields.name };
    const isKnown = position === 0 || Object.values(keys).some((key) => known.has(key));
    const isOtherCall = 'name' in named && Object.keys(keys).length > 0 && !isKnown;
    if (isOtherCall) {
      // The numbers and ids of the other call do not come again.
      const otherKeys = keysOf({ index: changed(fields.index), id: changed(fields.id) }, position);
      pieces.push(...piecesOfOtherCall({ ...named, ...otherKeys }, otherKeys, part, isPreceded));
    } else {
      pieces.push(...(isPreceded ? [{ ...named, arguments: '' }] : []), { ...named, arguments: part });
      for (const key of Object.values(keys)) known.add(key);
    }
  }
  return pieces;
}

const changed = (key: Damage['id']) => (key === 'true' ? 'changed' : key);

function keysOf({ index, id }: Pick<Damage, 'index' | 'id'>, position: number): Pick<Piece, 'index' | 'id'> {
  return {
    ...(index !== 'missing' && { index: index === 'true' ? 0 : position + 1 }),
    ...(id !== 'missing' && { id: id === 'true' ? 'call_a' : `call_${position}` }),
  };
}

/**
 * A name with an unknown number or id begins another call, because nothing else separates two calls. So such a piece
 * has no arguments, and the part follows without a name, number and id; or the part cannot begin arguments, or comes
 * without the name.
 */
function piecesOfOtherCall(named: Piece, keys: Piece, part: string, isPreceded: boolean): Piece[] {
  if (isPreceded || part.trim() === '') {
    return [{ ...named, arguments: '' }, ...(part === '' ? [] : [{ arguments: part }])];
  }
  return [{ ...(/^\s*["{n]/.test(part) ? keys : named), arguments: part }];
}

test('pieces of a call, however cut and damaged, give that call or none that can be made', () => {
  fc.assert(
    fc.property(
      values,
      fc.array(fc.nat(), { maxLength: 6 }),
      damage,
      fc.array(damage, { minLength: 1, maxLength: 6 }),
      (value, cuts, first, others) => {
        const written = JSON.stringify(value);
        const pieces = toPieces(written, cuts, first, others);
        const calls = made(pieces);
        const full = calls.filter((call) => call.arguments !== '');
        // If the first name is the wrong one, nothing tells which of the two is right.
        const named = pieces.find(({ name }) => name !== undefined)?.name;
        const allowed = (named === 'time' ? ['time', 'weather'] : ['weather']).map(
          (name) => `${name} ${written}`,
        );
        expect(full.length).toBeLessThanOrEqual(1);
        for (const call of full) expect(allowed).toContain(`${call.name} ${call.arguments}`);
        // Another name with another number or id looks like a call of a tool that takes no arguments.
        for (const call of calls) if (call.arguments === '') expect(call.name).toBe('time');
      },
    ),
    { numRuns: 3_000 },
  );
});

test('pieces of a call with correct numbers and ids give that call, with any text before its arguments', () => {
  fc.assert(
    fc.property(values, fc.array(fc.nat(), { maxLength: 6 }), fc.boolean(), (value, cuts, isPreceded) => {
      const written = JSON.stringify(value);
      const numbered = { ...INTACT, id: 'missing', name: 'missing' } as const;
      const placeholder = { index: 0, id: 'call_a', name: 'weather', arguments: '{}' };
      const pieces = [...(isPreceded ? [placeholder] : []), ...toPieces(written, cuts, INTACT, [numbered])];
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
