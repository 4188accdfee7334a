import { type Chat, limits } from '@parley/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam, mongo } = await startHarness();
const team = await makeTeam();

/** The text of the body matters, so the test does not parse or stringify it. */
const createFromJson = (metadata: string) =>
  team.rest<Chat>('POST', '/chat', {
    rawBody: `{"agentId":"${team.agent.id}","metadata":${metadata}}`,
    headers: { 'content-type': 'application/json' },
  });

const nested = (depth: number) => `${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`;
const nestedInArrays = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
const ofBytes = (bytes: number) => `{"a":"${'x'.repeat(bytes - '{"a":""}'.length)}"}`;

describe('metadata that is stored', () => {
  test.each([
    '{}',
    '{"$where":"1","$ne":null,"$set":{"a":1}}',
    '{"a.b":1,".":2,"":3,"a..b":{"c.d":4}}',
    '{"$ref":"chats","$id":"1","$db":"x"}',
    '{"a":{"$ref":"chats","$id":"1"}}',
    '{"_bsontype":"ObjectId","id":"x"}',
    '{"a":{"_bsontype":"Long","low":1,"high":2}}',
    '{"$oid":"507f1f77bcf86cd799439011"}',
    '{"$date":"2026-01-01T00:00:00Z"}',
    '{"$numberLong":"1"}',
    '{"constructor":1,"prototype":2,"toString":3,"hasOwnProperty":4,"toJSON":5,"toBSON":6}',
    '{"_id":1,"__v":2,"team":"x","id":"chat_x"}',
    '{"a":[1,"1",true,null,[],{}],"b":0,"c":-0.5,"d":1.5e-7,"e":9007199254740991}',
    '{"2026-01-01T00:00:00.000Z":"2026-01-01T00:00:00.000Z"}',
    '{"b":1,"a":2,"1":3}',
    '{"🙂":"é","\\u0000":"\\u0000"}',
    nested(limits.metadataDepthMax),
    nestedInArrays(limits.metadataDepthMax),
    ofBytes(limits.metadataBytesMax),
  ])('metadata %s is stored unchanged', async (json) => {
    const { status, body } = await createFromJson(json);
    expect(status).toBe(200);
    const read = await team.rest<Chat>('GET', `/chat/${body.id}`);
    // The texts are compared, because "exactly" includes the order of keys and differences that an equality ignores.
    const sent = JSON.stringify(JSON.parse(json));
    expect(JSON.stringify(body.metadata)).toBe(sent);
    expect(JSON.stringify(read.body.metadata)).toBe(sent);
  });

  test('any JSON object is stored unchanged', async () => {
    const key = fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.constantFrom('$where', 'a.b', '$ref', 'constructor'),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc
          .jsonValue({ maxDepth: 0 })
          .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value)),
        fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    const metadata = fc
      .dictionary(key, tree, { maxKeys: 4 })
      .map((value) => JSON.stringify(value))
      .filter((json) => !json.includes('"__proto__"'));
    await fc.assert(
      fc.asyncProperty(metadata, async (json) => {
        const { body } = await createFromJson(json);
        expect(JSON.stringify(body.metadata)).toBe(json);
      }),
      { numRuns: 60 },
    );
  });

  test('no key of metadata becomes a field of the stored document', async () => {
    const { body } = await createFromJson('{"team":"team_x","deletedAt":"x","$set":{"team":"y"}}');
    const stored = await mongo.raw
      .collection<{ _id: string; metadata: unknown }>('chats')
      .findOne({ _id: body.id });
    expect(stored).toMatchObject({ team: team.id });
    expect(typeof stored?.metadata).toBe('string');
  });
});

test.each([
  ['10,000 levels', nested(10_000)],
  ['100,000 arrays', nestedInArrays(100_000)],
])('metadata with %s is rejected before it is parsed', async (_, json) => {
  const { status, apiError } = await createFromJson(json);
  expect([status, apiError.code]).toEqual([413, 'payload_too_complex']);
});

describe('metadata that is rejected', () => {
  test.each([
    ['null', 'null'],
    ['a string', '"{}"'],
    ['an array', '[]'],
    ['a number', '1'],
    ['__proto__ as a key', '{"__proto__":{"isAdmin":true}}'],
    ['__proto__ deep inside', '{"a":[{"b":{"__proto__":1}}]}'],
    ['one level too many', nested(limits.metadataDepthMax + 1)],
    ['one level too many in arrays', nestedInArrays(limits.metadataDepthMax + 1)],
    ['one byte too many', ofBytes(limits.metadataBytesMax + 1)],
    ['too many bytes of two-byte characters', `{"a":"${'é'.repeat(limits.metadataBytesMax / 2)}"}`],
    ['half a surrogate pair as a value', '{"a":"\\ud800"}'],
    ['half a surrogate pair as a key', '{"\\udc00":1}'],
    ['a number out of range', '{"a":1e999}'],
  ])('metadata with %s is rejected and nothing is stored', async (_, json) => {
    const count = () => mongo.raw.collection('chats').countDocuments();
    const before = await count();
    const { status, apiError } = await createFromJson(json);
    expect(status).toBe(400);
    expect(apiError).toMatchObject({ code: 'invalid_input', issues: [{ path: 'metadata' }] });
    expect(await count()).toBe(before);
  });

  test('rejected metadata changes no prototype', async () => {
    await createFromJson('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
