import { describe, expect, test } from 'vitest';
import type { JsonObject } from './json.ts';
import { limits } from './limits.ts';
import { toolsInputSchema } from './tool.ts';
import { toCheckedSchema, toolParametersSchema } from './tool-parameters.ts';

const object = (fields: object = {}) => ({ type: 'object', ...fields });
const problemOf = (parameters: unknown) =>
  toolParametersSchema.safeParse(parameters).error?.issues[0]?.message;

/** Doubles with each of its definitions: `count` of them are two to the power of `count` parts. */
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
    ['what is required', object({ properties: { a: { type: ['string', 'null'] } }, required: ['a'] })],
    [
      'all kinds of parts',
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
      'words of other tools',
      object({ $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'T', 'x-order': [1] }),
    ],
  ])('with %s are taken', (_, parameters) => {
    expect(problemOf(parameters)).toBeUndefined();
  });

  test.each<[string, unknown, RegExp]>([
    ['no object', 'object', /must be a JSON object/],
    ['a list', [object()], /must be a JSON object/],
    ['of another type', { type: 'string' }, /must have the `type` "object"/],
    ['of no type', { properties: {} }, /must have the `type` "object"/],
    [
      'with a type that is none',
      object({ properties: { a: { type: 'text' } } }),
      /parameters\.properties\.a\.type` must name JSON types/,
    ],
    [
      'with properties that are none',
      object({ properties: ['a'] }),
      /`parameters\.properties` must be an object of schemas/,
    ],
    [
      'with a property that is no schema',
      object({ properties: { a: 'string' } }),
      /`parameters\.properties\.a` must be a schema/,
    ],
    ['with names that are none', object({ required: 'a' }), /`parameters\.required` must be a list of names/],
    ['with an empty choice', object({ anyOf: [] }), /must be a list of schemas/],
    ['with a bound that is none', object({ properties: { a: { minLength: -1 } } }), /must be a whole number/],
    [
      'with a division by nothing',
      object({ properties: { a: { multipleOf: 0 } } }),
      /must be a number above 0/,
    ],
    ['that lead to themselves', object({ properties: { a: { $ref: '#/properties/a' } } }), /leads to itself/],
    [
      'that lead to themselves in a circle',
      object({
        properties: { a: { $ref: '#/$defs/a' } },
        $defs: { a: { allOf: [{ $ref: '#/$defs/b' }] }, b: { items: { $ref: '#/$defs/a' } } },
      }),
      /leads to itself/,
    ],
    [
      'that lead to the whole',
      object({ properties: { a: { $ref: '#' } } }),
      /must lead to a part of this schema/,
    ],
    [
      'that lead elsewhere',
      object({ properties: { a: { $ref: 'https://example.com/s' } } }),
      /must lead to a part of this schema/,
    ],
    [
      'that lead nowhere',
      object({ properties: { a: { $ref: '#/$defs/none' } } }),
      /must lead to a part of this schema/,
    ],
    [
      'that lead to a prototype',
      object({ properties: { a: { $ref: '#/constructor' } } }),
      /must lead to a part of this schema/,
    ],
    [
      'with what nobody checks',
      object({ patternProperties: { '^a': true } }),
      /patternProperties` is not supported/,
    ],
    ['with dynamic references', object({ properties: { a: { $dynamicRef: '#a' } } }), /is not supported/],
    [
      'with a prototype',
      JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}'),
      /must not contain the key "__proto__"/,
    ],
    ['too deep', nested(20), /must be at most 16 levels deep/],
    [
      'too large',
      object({ description: 'x'.repeat(limits.toolSchemaBytesMax) }),
      /must be at most 16384 bytes/,
    ],
    ['that grow without end', doubling(40), /at most 500 parts/],
  ])('%s are refused', (_, parameters, sentence) => {
    expect(problemOf(parameters)).toMatch(sentence);
  });

  test('are checked by what they lead to, without what could take forever', () => {
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
      'all there is to say',
      { method: 'POST', headers: { Authorization: 'Bearer x', 'x-key': null }, timeoutMs: 60_000 },
    ],
    ['an address with a port and a query', { url: 'https://example.com:8443/a?b=c' }],
  ])('with %s are taken', (_, fields) => {
    expect(issueOf([{ ...tool, ...fields }])).toBeUndefined();
  });

  test.each<[string, object, string]>([
    ['a name with a blank', { name: 'the weather' }, 'name'],
    ['no name', { name: '' }, 'name'],
    ['a name that is too long', { name: 'x'.repeat(65) }, 'name'],
    ['no description', { description: '' }, 'description'],
    ['no URL', { url: 'weather' }, 'url'],
    ['another protocol', { url: 'file:///etc/passwd' }, 'url'],
    ['a user in the URL', { url: 'https://user@example.com/' }, 'url'],
    ['a password in the URL', { url: 'https://:secret@example.com/' }, 'url'],
    ['a fragment', { url: 'https://example.com/#a' }, 'url'],
    ['a URL that is too long', { url: `https://example.com/${'x'.repeat(2_048)}` }, 'url'],
    ['another method', { method: 'GET' }, 'method'],
    ['headers that are none', { headers: ['a'] }, 'headers'],
    ['a header of ours', { headers: { Host: 'internal' } }, 'headers'],
    ['the key that we send', { headers: { 'Idempotency-Key': 'x' } }, 'headers'],
    ['a header of proxies', { headers: { 'proxy-authorization': 'x' } }, 'headers'],
    ['a header that splits the request', { headers: { 'x-a': 'b\r\nhost: c' } }, 'headers'],
    ['a header with a strange name', { headers: { 'x a': 'b' } }, 'headers'],
    ['a prototype as a header', { headers: JSON.parse('{"__proto__":"x"}') }, 'headers'],
    ['an empty header', { headers: { 'x-a': '' } }, 'headers'],
    ['a header that is no text', { headers: { 'x-a': 5 } }, 'headers'],
    ['one header twice', { headers: { 'x-a': 'b', 'X-A': 'c' } }, 'headers'],
    [
      'nine headers',
      { headers: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`x-${i}`, 'a'])) },
      'headers',
    ],
    ['a header that is too long', { headers: { 'x-a': 'b'.repeat(2_049) } }, 'headers'],
    ['no time', { timeoutMs: 0 }, 'timeoutMs'],
    ['too much time', { timeoutMs: 60_001 }, 'timeoutMs'],
    ['a field that is not known', { secret: 'x' }, ''],
  ])('with %s are refused', (_, fields, path) => {
    expect(issueOf([{ ...tool, ...fields }])?.[0]).toBe(path === '' ? '0' : `0.${path}`);
  });

  test('of one name are refused, and so are more than sixteen, and more than there is room for', () => {
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
