import type { FieldKind } from './operations.ts';
import type { Transport } from './transports.ts';
import { operationOf, takesBody } from './transports.ts';

type Input = Record<string, unknown>;

/** A way to make a valid input invalid. */
export interface RejectedRequest {
  readonly what: string;
  readonly change: (input: Input) => Input;
  /** The path that the error names, if it is not the field's own. */
  readonly saysAbout?: string;
}

/** Values with a meaning for a database or for JavaScript. None is a string. */
const foreignValues: readonly [string, unknown][] = [
  ['{"$ne":null}', { $ne: null }],
  ['{"$gt":""}', { $gt: '' }],
  ['{"$regex":".*"}', { $regex: '.*' }],
  ['{"$in":["a"]}', { $in: ['a'] }],
  ['an array', ['a']],
  ['an empty array', []],
  ['an empty object', {}],
  ['true', true],
  ['a number', 5],
  ['null', null],
];

/** Strings that no field accepts, because they cannot be stored unchanged. */
const nul: readonly [string, string] = ['a text with NUL', 'a\0b'];
const loneSurrogate: readonly [string, string] = ['a text with half a surrogate pair', 'a\ud800b'];

const emptyText: readonly [string, string] = ['an empty text', ''];

const limitTexts: readonly [string, string][] = [
  ['0', '0'],
  ['1001', '1001'],
  ['-1', '-1'],
  ['1.5', '1.5'],
  ['1e2', '1e2'],
  ['0x10', '0x10'],
  ['" 5"', ' 5'],
  ['ten', 'ten'],
  ['1000001', '1000001'],
];

/** All values that a field of this kind must reject, as far as this transport can send them. */
export function rejectedRequests(
  transport: Transport,
  name: string,
  field: string,
  kind: FieldKind,
): RejectedRequest[] {
  const { method, pathParameters } = operationOf(name);
  // In a path every value is a string, and an unknown id is a 404.
  if (transport === 'rest' && pathParameters.includes(field)) return [];
  return transport === 'rest' && !takesBody(method) ? inQuery(field, kind) : inJson(field, kind);
}

function inJson(field: string, kind: FieldKind): RejectedRequest[] {
  const values = foreignValues.filter(([, value]) => isForeign(kind, value));
  const rejected: readonly (readonly [string, unknown])[] = [...values, ...textsFor(kind, true)];
  return rejected.map(([what, value]) => ({
    what,
    change: (input) => ({ ...input, [field]: value }),
  }));
}

function inQuery(field: string, kind: FieldKind): RejectedRequest[] {
  const renamed = ['[$ne]', '[]', '[0]', '.x'].map((suffix) => ({
    what: `${field}${suffix}=`,
    change: ({ [field]: value, ...input }: Input) => ({ ...input, [`${field}${suffix}`]: value ?? 'a' }),
    saysAbout: `${field}${suffix}`,
  }));
  const texts = textsFor(kind, false).map(([what, value]) => ({
    what,
    change: (input: Input) => ({ ...input, [field]: value }),
  }));
  return [...renamed, ...texts];
}

function isForeign(kind: FieldKind, value: unknown): boolean {
  // Any JSON object is valid metadata, a number is a valid page size, and true is a valid flag.
  if (kind === 'object') return typeof value !== 'object' || value === null || Array.isArray(value);
  if (kind === 'list') return !Array.isArray(value);
  if (kind === 'count') return typeof value !== 'number';
  if (kind === 'removable') return typeof value !== 'number' && value !== null;
  if (kind === 'flag' || kind === 'query-flag') return typeof value !== 'boolean';
  return kind !== 'limit' || typeof value !== 'number';
}

function brokenTextsFor(canBeBroken: boolean): readonly (readonly [string, string])[] {
  return canBeBroken ? [nul, loneSurrogate] : [nul];
}

function textsFor(kind: FieldKind, canBeBroken: boolean): readonly (readonly [string, string])[] {
  switch (kind) {
    case 'text':
      return [emptyText, ...brokenTextsFor(canBeBroken)];
    case 'text-or-none':
      return brokenTextsFor(canBeBroken);
    case 'limit':
      return limitTexts;
    case 'choice':
      return [
        ['another word', 'system'],
        ['the word in capitals', 'USER'],
        ['an empty text', ''],
      ];
    case 'cursor':
      return [
        ['an empty text', ''],
        ['513 characters', 'a'.repeat(513)],
      ];
    case 'object':
      return [['a text', 'a']];
    case 'flag':
      return [
        ['the word true', 'true'],
        ['the word false', 'false'],
        ['an empty text', ''],
      ];
    case 'list':
      return [['a text', 'https://example.com']];
    case 'count':
    case 'removable':
      return [['a text', '60']];
    case 'timestamp':
      return [
        ['an empty text', ''],
        ['a day', '2999-01-01'],
        ['a time that is past', '2020-01-01T00:00:00.000Z'],
        ['a local time', '2999-01-01T00:00:00.000'],
      ];
    case 'query-flag':
      return [
        ['another word', 'yes'],
        ['the word in capitals', 'TRUE'],
        ['an empty text', ''],
      ];
    case 'token':
      return [['an empty text', '']];
    case 'id':
      return [];
  }
}
