import { z } from 'zod';
import { type JsonObject, type JsonValue, problemOfJson } from './json.ts';
import { limits } from './limits.ts';

/** A JSON Schema, or a boolean that accepts or rejects every value. */
type Schema = JsonObject | boolean;

/** Keywords whose value is a schema, a list of schemas, or an object of schemas. */
const PARTS = ['not', 'if', 'then', 'else', 'additionalProperties', 'propertyNames', 'contains', 'items'];
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const MAPS = ['properties', 'dependentSchemas'];
const DEFINITIONS = ['$defs', 'definitions'];

/**
 * Keywords that the model sees but the server does not check: a custom pattern can take exponential time on
 * the model's text, and comparing all items takes quadratic time.
 */
const UNCHECKED = ['pattern', 'format', 'uniqueItems'];

/**
 * Keywords that change the meaning of others. A schema that uses one is rejected instead of being checked
 * partly.
 */
const UNSUPPORTED = [
  ...['patternProperties', 'unevaluatedProperties', 'unevaluatedItems', 'dependencies', 'additionalItems'],
  ...['$dynamicRef', '$dynamicAnchor', '$recursiveRef', '$recursiveAnchor', '$anchor'],
];

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];

/** The required form of the other keywords. The check ignores keywords that are not listed here. */
const FORMS: Readonly<Record<string, readonly [string, (value: JsonValue) => boolean]>> = {
  type: ['must name JSON types', (value) => [value].flat().every((type) => TYPES.includes(String(type)))],
  enum: ['must be a list', Array.isArray],
  required: ['must be a list of names', isListOfNames],
  dependentRequired: [
    'must be an object of lists of names',
    (value) => isObject(value) && Object.values(value).every(isListOfNames),
  ],
  ...formsOf('must be a number', (value) => typeof value === 'number', [
    ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  ]),
  multipleOf: ['must be a number above 0', (value) => typeof value === 'number' && value > 0],
  ...formsOf(
    'must be a whole number of at least 0',
    (value) => Number.isSafeInteger(value) && Number(value) >= 0,
    [
      ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minContains', 'maxContains'],
      ...['minProperties', 'maxProperties'],
    ],
  ),
};

/** The problem of a schema, as a sentence that names one of its parts. */
class SchemaProblem extends Error {}

/**
 * Resolves all references of a schema and removes the keywords that are not checked. The result has at most
 * `toolSchemaPartsMax` parts and is not recursive, so checking a value against it always ends.
 *
 * @throws SchemaProblem if the schema is invalid or not supported
 */
export function toCheckedSchema(root: JsonObject): JsonObject {
  let parts = 0;

  const checked = (schema: JsonValue, path: string, within: readonly string[]): Schema => {
    if (typeof schema === 'boolean') return schema;
    if (!isObject(schema)) throw new SchemaProblem(`\`${path}\` must be a schema`);
    if (++parts > limits.toolSchemaPartsMax) {
      throw new SchemaProblem(
        `must have at most ${limits.toolSchemaPartsMax} parts, including its references`,
      );
    }
    assertSupported(schema, path, schema === root);
    const { $ref, ...rest } = schema;
    const entries = Object.entries(rest)
      .filter(([key]) => !UNCHECKED.includes(key) && !key.startsWith('$') && !DEFINITIONS.includes(key))
      .map(([key, value]) => [key, checkedPart(key, value, path, within)]);
    const own: JsonObject = Object.fromEntries(entries);
    if ($ref === undefined) return own;
    const referred = follow($ref, path, within);
    return { ...own, allOf: [...(Array.isArray(own['allOf']) ? own['allOf'] : []), referred] };
  };

  const checkedPart = (key: string, value: JsonValue, path: string, within: readonly string[]): JsonValue => {
    const at = `${path}.${key}`;
    if (PARTS.includes(key)) return checked(value, at, within);
    if (LISTS.includes(key)) {
      if (!Array.isArray(value) || value.length === 0)
        throw new SchemaProblem(`\`${at}\` must be a list of schemas`);
      return value.map((part, index) => checked(part, `${at}.${index}`, within));
    }
    if (!MAPS.includes(key)) return value;
    if (!isObject(value)) throw new SchemaProblem(`\`${at}\` must be an object of schemas`);
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [name, checked(part, `${at}.${name}`, within)]),
    );
  };

  const follow = ($ref: JsonValue, path: string, within: readonly string[]): Schema => {
    const target = typeof $ref === 'string' && $ref.startsWith('#/') ? atPointer(root, $ref) : undefined;
    if (typeof $ref !== 'string' || target === undefined) {
      throw new SchemaProblem(`\`${path}.$ref\` must refer to a part of this schema, such as "#/$defs/name"`);
    }
    if (within.includes($ref)) throw new SchemaProblem(`\`${path}.$ref\` must not refer to itself`);
    return checked(target, $ref, [...within, $ref]);
  };

  const whole = checked(root, 'parameters', ['#']);
  return isObject(whole) ? whole : root;
}

function assertSupported(schema: JsonObject, path: string, isRoot: boolean): void {
  for (const [key, value] of Object.entries(schema)) {
    const isUnsupported = UNSUPPORTED.includes(key) || (key === '$id' && !isRoot);
    if (isUnsupported) throw new SchemaProblem(`\`${path}.${key}\` is not supported`);
    const [sentence, hasForm] = (Object.hasOwn(FORMS, key) && FORMS[key]) || [];
    if (hasForm && !hasForm(value)) throw new SchemaProblem(`\`${path}.${key}\` ${sentence}`);
  }
}

/** Resolves a JSON Pointer (RFC 6901). */
function atPointer(root: JsonObject, pointer: string): JsonValue | undefined {
  let at: JsonValue | undefined = root;
  for (const step of pointer.slice(2).split('/')) {
    const name = decoded(step).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as JsonObject)[name];
  }
  return at;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOfNames(value: JsonValue): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}

function formsOf(sentence: string, hasForm: (value: JsonValue) => boolean, keys: readonly string[]) {
  return Object.fromEntries(keys.map((key) => [key, [sentence, hasForm] as const]));
}

function problemOf(value: unknown): string | undefined {
  const bounds = { bytesMax: limits.toolSchemaBytesMax, depthMax: limits.toolSchemaDepthMax };
  const problem = problemOfJson(value, bounds);
  if (problem) return problem;
  // `problemOfJson` found no problem.
  const schema = value as JsonObject;
  if (schema['type'] !== 'object') return 'must have the `type` "object": arguments are an object';
  try {
    toCheckedSchema(schema);
    return undefined;
  } catch (error) {
    if (error instanceof SchemaProblem) return error.message;
    throw error;
  }
}

/** The parameters of a tool: a JSON Schema (2020-12) of an object. */
export const toolParametersSchema = z
  .custom<JsonObject>((value) => problemOf(value) === undefined, {
    error: ({ input }) => problemOf(input) ?? 'must be a JSON Schema',
  })
  .meta({
    type: 'object',
    additionalProperties: true,
    description:
      'A JSON Schema of an object, at most 16 KiB and 16 levels. The model receives it unchanged, and the arguments of a call ' +
      'are checked against it, except for `pattern`, `format` and `uniqueItems`. `$ref` may refer to parts of the ' +
      'same schema, but not recursively.',
    examples: [{ type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }],
  });
