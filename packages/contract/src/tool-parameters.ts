import { z } from 'zod';
import { type JsonObject, type JsonValue, problemOfJson } from './json.ts';
import { limits } from './limits.ts';

/** A JSON Schema, or one that takes or refuses everything. */
type Schema = JsonObject | boolean;

/** What a schema is made of that is a schema itself, a list of them, or an object of them. */
const PARTS = ['not', 'if', 'then', 'else', 'additionalProperties', 'propertyNames', 'contains', 'items'];
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const MAPS = ['properties', 'dependentSchemas'];
const DEFINITIONS = ['$defs', 'definitions'];

/**
 * Told to the model and not checked: a pattern of someone's own can take forever on a text of the model's, and
 * to compare every item with every other one grows with the square.
 */
const UNCHECKED = ['pattern', 'format', 'uniqueItems'];

/** What is left out would change what the rest means: a schema that needs it is refused. */
const UNSUPPORTED = [
  ...['patternProperties', 'unevaluatedProperties', 'unevaluatedItems', 'dependencies', 'additionalItems'],
  ...['$dynamicRef', '$dynamicAnchor', '$recursiveRef', '$recursiveAnchor', '$anchor'],
];

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];

/** What the other keywords must be; one that is not named here says nothing to whoever checks. */
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
    'must be a whole number from 0 on',
    (value) => Number.isSafeInteger(value) && Number(value) >= 0,
    [
      ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minContains', 'maxContains'],
      ...['minProperties', 'maxProperties'],
    ],
  ),
};

/** What is wrong with a schema, in a sentence about one of its parts. */
class SchemaProblem extends Error {}

/**
 * A schema as arguments are checked by it: each reference replaced by what it leads to, and without what is not
 * checked. It has at most `toolSchemaPartsMax` parts, none of which is within itself, so that a check ends soon.
 *
 * @throws SchemaProblem
 */
export function toCheckedSchema(root: JsonObject): JsonObject {
  let parts = 0;

  const checked = (schema: JsonValue, path: string, within: readonly string[]): Schema => {
    if (typeof schema === 'boolean') return schema;
    if (!isObject(schema)) throw new SchemaProblem(`\`${path}\` must be a schema`);
    if (++parts > limits.toolSchemaPartsMax) {
      throw new SchemaProblem(`with its references it must have at most ${limits.toolSchemaPartsMax} parts`);
    }
    refuseStrange(schema, path, schema === root);
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
      throw new SchemaProblem(`\`${path}.$ref\` must lead to a part of this schema, such as "#/$defs/name"`);
    }
    if (within.includes($ref)) throw new SchemaProblem(`\`${path}.$ref\` leads to itself`);
    return checked(target, $ref, [...within, $ref]);
  };

  const whole = checked(root, 'parameters', ['#']);
  return isObject(whole) ? whole : root;
}

function refuseStrange(schema: JsonObject, path: string, isRoot: boolean): void {
  for (const [key, value] of Object.entries(schema)) {
    const isStrange = UNSUPPORTED.includes(key) || (key === '$id' && !isRoot);
    if (isStrange) throw new SchemaProblem(`\`${path}.${key}\` is not supported`);
    const [sentence, hasForm] = (Object.hasOwn(FORMS, key) && FORMS[key]) || [];
    if (hasForm && !hasForm(value)) throw new SchemaProblem(`\`${path}.${key}\` ${sentence}`);
  }
}

/** RFC 6901. */
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
  // It was just found to be JSON.
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
      'A JSON Schema of an object, at most 16 KiB and 16 levels. It is told to the model as it is, and what the ' +
      'model calls the tool with is checked by it; `pattern`, `format` and `uniqueItems` are only told. `$ref` ' +
      'leads to parts of the same schema, none to itself.',
    examples: [{ type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }],
  });
