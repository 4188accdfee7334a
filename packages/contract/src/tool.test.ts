import { describe, expect, test } from 'vitest';
import type { JsonObject } from './json.ts';
import { limits } from './limits.ts';
import { toolsInputSchema } from './tool.ts';
import { toCheckedSchema, toolParametersSchema } from './tool-parameters.ts';

const object = (fields: object = {}) => ({ type: 'object', ...fields });
const problemOf = (parameters: unknown) =>
  toolParametersSchema.safeParse(parameters).error?.issues[0]?.message;

/** Each definition refers to the next one twice, so `count` definitions expand to 2^`count` parts. */
function doubling(count: number): JsonObject {
  const $defs: JsonObject = {};
  for (let index = 0; index < count; index++) {
    const next = { $ref: `#/$defs/d${index + 1}` };
    $defs[`d${index}`] = { allOf: [next, next] };
  }
  $defs[`d${count}`] = { type: 'string' };
  return object({ properties: { a: { $ref: '#/$defs/d0' } }, $defs });
}

function nested(levels: number): JsonObject {
  let inner: JsonObject = { type: 'string' };
  for (let level = 0; level < levels; level++) inner = object({ properties: { a: inner } });
  return inner;
}

describe('parameters', () => {
  test.each<[string, unknown]>([
    ['nothing', object()],
    ['required properties', object({ properties: { a: { type: ['string', 'null'] } }, required: ['a'] })],
    [
      'all kinds of subschemas',
      {
        ...object({ additionalProperties: false, minProperties: 1, propertyNames: { maxLength: 3 } }),
        properties: {
          a: { enum: ['x', 1, null] },
          b: { anyOf: [{ const: 1 }, { type: 'array', items: true, minItems: 1, uniqueItems: true }] },
          c: JSON.parse('{"if":{"type":"string"},"then":{"pattern":"^(a+)+$"},"else":false}'),
        },
      },
    ],
    [
      'definitions that are used twice',
      object({
        properties: { a: { $ref: '#/$defs/a~1b' }, b: { $ref: '#/$defs/a~1b' } },
        $defs: { 'a/b': { type: 'string' } },
      }),
    ],
    [
      'keywords of other tools',
      object({ $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'T', 'x-order': [1] }),
    ],
  ])('tool parameters with %s are accepted', (_, parameters) => {
    expect(problemOf(parameters)).toBeUndefined();
  });

  test.each<[string, unknown, RegExp]>([
    ['that are not an object', 'object', /must be a JSON object/],
    ['that are a list', [object()], /must be a JSON object/],
    ['of another type', { type: 'string' }, /must have the `type` "object"/],
    ['of no type', { properties: {} }, /must have the `type` "object"/],
    [
      'with an unknown type',
      object({ properties: { a: { type: 'text' } } }),
      /parameters\.properties\.a\.type` must name JSON types/,
    ],
    [
      'with properties that are not schemas',
      object({ properties: ['a'] }),
      /`parameters\.properties` must be an object of schemas/,
    ],
    [
      'with a property that is not a schema',
      object({ properties: { a: 'string' } }),
      /`parameters\.properties\.a` must be a schema/,
    ],
    [
      'with required names that are not a list',
      object({ required: 'a' }),
      /`parameters\.required` must be a list of names/,
    ],
    ['with an empty choice', object({ anyOf: [] }), /must be a list of schemas/],
    ['with a negative length', object({ properties: { a: { minLength: -1 } } }), /must be a whole number/],
    ['with a multiple of 0', object({ properties: { a: { multipleOf: 0 } } }), /must be a number above 0/],
    [
      'that refer to themselves',
      object({ properties: { a: { $ref: '#/properties/a' } } }),
      /must not refer to itself/,
    ],
    [
      'that refer to themselves through another part',
      object({
        properties: { a: { $ref: '#/$defs/a' } },
        $defs: { a: { allOf: [{ $ref: '#/$defs/b' }] }, b: { items: { $ref: '#/$defs/a' } } },
      }),
      /must not refer to itself/,
    ],
    [
      'that refer to the whole schema',
      object({ properties: { a: { $ref: '#' } } }),
      /must refer to a part of this schema/,
    ],
    [
      'that refer to another document',
      object({ properties: { a: { $ref: 'https://example.com/s' } } }),
      /must refer to a part of this schema/,
    ],
    [
      'that refer to a missing part',
      object({ properties: { a: { $ref: '#/$defs/none' } } }),
      /must refer to a part of this schema/,
    ],
    [
      'that refer to a property of the prototype',
      object({ properties: { a: { $ref: '#/constructor' } } }),
      /must refer to a part of this schema/,
    ],
    [
      'with a keyword that is not supported',
      object({ patternProperties: { '^a': true } }),
      /patternProperties` is not supported/,
    ],
    ['with dynamic references', object({ properties: { a: { $dynamicRef: '#a' } } }), /is not supported/],
    [
      'with the key __proto__',
      JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}'),
      /must not contain the key "__proto__"/,
    ],
    ['that are too deep', nested(20), /must be at most 16 levels deep/],
    [
      'that are too large',
      object({ description: 'x'.repeat(limits.toolSchemaBytesMax) }),
      /must be at most 16384 bytes/,
    ],
    ['that expand to too many parts', doubling(40), /at most 500 parts/],
  ])('tool parameters %s are rejected', (_, parameters, sentence) => {
    expect(problemOf(parameters)).toMatch(sentence);
  });

  test('toCheckedSchema resolves references and removes keywords that could take too long to check', () => {
    const parameters = object({
      properties: { a: { $ref: '#/$defs/name', maxLength: 3 }, b: { type: 'string', pattern: '(a+)+$' } },
      $defs: { name: { type: 'string', format: 'email' } },
    });
    expect(toCheckedSchema(parameters)).toEqual({
      type: 'object',
      properties: { a: { maxLength: 3, allOf: [{ type: 'string' }] }, b: { type: 'string' } },
    });
  });
});

const tool = { name: 'weather', description: 'Tells.', parameters: object(), url: 'https://example.com/w' };
const issueOf = (tools: unknown) => {
  const [issue] = toolsInputSchema.safeParse(tools).error?.issues ?? [];
  return issue && [issue.path.join('.'), issue.message];
};

describe('tools', () => {
  test.each<[string, object]>([
    [
      'all optional fields',
      { method: 'POST', headers: { Authorization: 'Bearer x', 'x-key': null }, timeoutMs: 60_000 },
    ],
    ['a URL with a port and a query', { url: 'https://example.com:8443/a?b=c' }],
  ])('tools with %s are accepted', (_, fields) => {
    expect(issueOf([{ ...tool, ...fields }])).toBeUndefined();
  });

  test.each<[string, object, string]>([
    ['a space in the name', { name: 'the weather' }, 'name'],
    ['an empty name', { name: '' }, 'name'],
    ['a name that is too long', { name: 'x'.repeat(65) }, 'name'],
    ['an empty description', { description: '' }, 'description'],
    ['an invalid URL', { url: 'weather' }, 'url'],
    ['a URL of another protocol', { url: 'file:///etc/passwd' }, 'url'],
    ['a user in the URL', { url: 'https://user@example.com/' }, 'url'],
    ['a password in the URL', { url: 'https://:secret@example.com/' }, 'url'],
    ['a fragment', { url: 'https://example.com/#a' }, 'url'],
    ['a URL that is too long', { url: `https://example.com/${'x'.repeat(2_048)}` }, 'url'],
    ['a method other than POST', { method: 'GET' }, 'method'],
    ['headers that are not an object', { headers: ['a'] }, 'headers'],
    ['a header that the server sets itself', { headers: { Host: 'internal' } }, 'headers'],
    ['an Idempotency-Key header', { headers: { 'Idempotency-Key': 'x' } }, 'headers'],
    ['a proxy header', { headers: { 'proxy-authorization': 'x' } }, 'headers'],
    ['a line break in a header', { headers: { 'x-a': 'b\r\nhost: c' } }, 'headers'],
    ['an invalid header name', { headers: { 'x a': 'b' } }, 'headers'],
    ['the header name __proto__', { headers: JSON.parse('{"__proto__":"x"}') }, 'headers'],
    ['an empty header', { headers: { 'x-a': '' } }, 'headers'],
    ['a header value that is not a string', { headers: { 'x-a': 5 } }, 'headers'],
    ['the same header twice', { headers: { 'x-a': 'b', 'X-A': 'c' } }, 'headers'],
    [
      'nine headers',
      { headers: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`x-${i}`, 'a'])) },
      'headers',
    ],
    ['a header that is too long', { headers: { 'x-a': 'b'.repeat(2_049) } }, 'headers'],
    ['a timeout of 0', { timeoutMs: 0 }, 'timeoutMs'],
    ['a timeout that is too long', { timeoutMs: 60_001 }, 'timeoutMs'],
    ['an unknown field', { secret: 'x' }, ''],
  ])('tools with %s are rejected', (_, fields, path) => {
    expect(issueOf([{ ...tool, ...fields }])?.[0]).toBe(path === '' ? '0' : `0.${path}`);
  });

  test('tools are rejected if two have the same name, if there are more than 16, or if they are too large', () => {
    expect(issueOf([tool, tool])?.[0]).toBe('1.name');
    const many = Array.from({ length: 17 }, (_, index) => ({ ...tool, name: `tool_${index}` }));
    expect(issueOf(many)?.[1]).toBe('must have at most 16 tools');
    expect(issueOf(many.slice(1))).toBeUndefined();
    const parameters = object({ description: 'x'.repeat(16_000) });
    const headers = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`x-${i}`, 'a'.repeat(2_000)]));
    const large = many.slice(1).map((one) => ({ ...one, parameters, headers }));
    expect(issueOf(large)?.[1]).toMatch(/at most 262144 bytes/);
  });
});
