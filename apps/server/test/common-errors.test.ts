import { createHash } from 'node:crypto';
import { mintApiKey } from '@parley/db';
import { casesOfForm } from '@parley/embedded/testing/form';
import { beforeAll, describe, expect, test } from 'vitest';
import { startHarness } from './harness.ts';
import { callerOf, type FieldKind, headersFor, operations, uploads } from './support/operations.ts';
import { rejectedRequests } from './support/rejected-requests.ts';
import { streams } from './support/streams.ts';
import {
  ask,
  operationOf,
  procedureDefinitions,
  type Transport,
  type TransportAnswer,
  takesBody,
  transports,
} from './support/transports.ts';
import { unchanged } from './support/unchanged.ts';

const { url, makeTeam, rest, mongo } = await startHarness();
const team = await makeTeam();
const other = await makeTeam();

const names = Object.keys(operations);
const everyTransport = names.flatMap((name) => transports.map((transport) => ({ name, transport })));
const withBody = names.filter((name) => takesBody(operationOf(name).method));

/** A path of this form without an object. */
const emptyTarget = (path: string): string => path.replaceAll(/\{\w+\}/g, 'nothing');

/** Sends a request as a caller of `team` who may use the procedure. */
const callAsTeam = async (transport: Transport, name: string, input: unknown) =>
  ask(transport, name, input, { url, headers: await headersFor(team, name) });

const inputOf = async (name: string): Promise<Record<string, unknown>> => {
  // The credentials are created before the test checks that nothing changes.
  await headersFor(team, name);
  return (await operations[name]?.validInput(team)) ?? {};
};

test('every procedure of the router is in one of the tables of common errors', () => {
  const tables = [...names, ...uploads, ...streams.map(({ procedure }) => procedure)];
  expect([...new Set(tables)].toSorted()).toEqual(Object.keys(procedureDefinitions()).toSorted());
});

test.each(names)('the table of %s names every field of its input', (name) => {
  const shapes = procedureDefinitions()[name]?.inputs.flatMap(({ shape }) => Object.keys(shape));
  expect(Object.keys(operations[name]?.fields ?? {}).toSorted()).toEqual(shapes?.toSorted());
});

test.each(casesOfForm(everyTransport, 3))(
  '$name over $transport accepts its valid example',
  async ({ name, transport }) => {
    const answer = await callAsTeam(transport, name, await inputOf(name));
    expect(answer.apiError).toBeUndefined();
  },
);

const apiErrorOfWrongKey = {
  everyone: undefined,
  secret: 'secret_key_needed',
  anonymous: 'guest_key_needed',
  verified: 'verified_user_needed',
} as const;

describe('authentication comes first', () => {
  const unknown = mintApiKey('secret');
  const badChecksum = `${unknown.slice(0, -1)}${unknown.endsWith('x') ? 'y' : 'x'}`;
  let revoked: string;
  let expired: string;
  beforeAll(async () => {
    [revoked, expired] = await Promise.all([
      makeEndedKey({ revokedAt: new Date() }),
      makeEndedKey({ expiresAt: new Date(Date.now() - 1) }),
    ]);
  });

  /** A key that was not used before it ended, so that no process has cached it. */
  async function makeEndedKey(end: object): Promise<string> {
    const key = mintApiKey('secret');
    await mongo.database.stores.apiKeys.create({ team: team.id }, key);
    const hash = createHash('sha256').update(key).digest('hex');
    const { modifiedCount } = await mongo.raw.collection('keys').updateOne({ hash }, { $set: end });
    expect(modifiedCount).toBe(1);
    return key;
  }

  const wrong: [string, () => Record<string, string>][] = [
    ['no key', () => ({})],
    ['an empty key', () => ({ 'x-api-key': '' })],
    ['a text that is no key', () => ({ 'x-api-key': 'undefined' })],
    ['a key with a wrong checksum', () => ({ 'x-api-key': badChecksum })],
    ['a well-formed key that nobody made', () => ({ 'x-api-key': unknown })],
    ['a revoked key', () => ({ 'x-api-key': revoked })],
    ['an expired key', () => ({ 'x-api-key': expired })],
    ['two keys in one header', () => ({ 'x-api-key': `${team.secretKey}, ${team.secretKey}` })],
    ['a key under another scheme', () => ({ authorization: `Basic ${team.secretKey}` })],
    ['a bare authorization', () => ({ authorization: team.secretKey })],
    ['an operator as a key', () => ({ 'x-api-key': '{"$ne":null}' })],
    ['a key of 4,000 characters', () => ({ 'x-api-key': `sk_live_${'a'.repeat(4_000)}` })],
  ];

  describe.each(casesOfForm(everyTransport, 27))('$name over $transport', ({ name, transport }) => {
    test.each(wrong)('%s returns 401 with the same response as any other', async (_, headers) => {
      const input = await inputOf(name);
      const answer = await rejected(() => ask(transport, name, input, { url, headers: headers() }));
      expect(answer).toMatchObject({ status: 401, apiError: { code: 'unauthorized' } });
      const { requestId: _id, ...said } = answer.apiError ?? {};
      expect(said).toEqual({
        error: 'Unauthorized',
        code: 'unauthorized',
        message:
          'A valid API key is required. Send it as `x-api-key: <key>` or `Authorization: Bearer <key>`.',
      });
    });

    test('a request without a key returns 401 without details about its input', async () => {
      const answer = await rejected(() => ask(transport, name, { chatId: 'x', unknown: 1 }, { url }));
      expect(answer).toMatchObject({ status: 401, apiError: { code: 'unauthorized' } });
    });

    test.each([
      ['x-api-key', (key: string) => ({ 'x-api-key': key })],
      ['Authorization: Bearer', (key: string) => ({ authorization: `Bearer ${key}` })],
      ['authorization: bearer', (key: string) => ({ authorization: `bearer ${key}` })],
    ])('%s accepts both kinds of key, or only a secret one, as the table says', async (_, headers) => {
      for (const key of [team.secretKey, team.publishableKey]) {
        const answer = await ask(transport, name, await inputOf(name), { url, headers: headers(key) });
        const caller = callerOf(name);
        const isLetIn = caller === 'everyone' || (caller === 'secret' && key === team.secretKey);
        expect([answer.status === 403, answer.apiError?.code]).toEqual(
          isLetIn ? [false, undefined] : [true, apiErrorOfWrongKey[caller]],
        );
      }
    });
  });

  test.each(casesOfForm(withBody, 5))(
    '%s with a malformed body and without a key returns 401',
    async (name) => {
      const { method, path } = operationOf(name);
      const json = { 'content-type': 'application/json' };
      expect((await rest(method, emptyTarget(path), { rawBody: '{"', headers: json })).status).toBe(401);
    },
  );
});

describe('resources of another team', () => {
  const ids = everyTransport.flatMap(({ name, transport }) =>
    fieldsOf(name, 'id').map((field) => ({ name, transport, field })),
  );

  test.each(casesOfForm(ids, 5))(
    '$name over $transport returns 404 for $field of another team, as for an unknown one',
    async (about) => {
      const { name, transport, field } = about;
      const foreign = await foreignId(field);
      const noun = foreign.replace(/_.*/, '');
      const answers: TransportAnswer[] = [];
      for (const id of [foreign, `${noun}_${'0'.repeat(28)}`, 'no-such-id', `${noun}_${'é'.repeat(9)}`]) {
        const input = { ...(await inputOf(name)), [field]: id };
        answers.push(await rejected(() => callAsTeam(transport, name, input)));
      }
      const said = answers.map(({ status, apiError }) => ({ status, ...apiError, requestId: '' }));
      const named =
        { secretId: 'signing_secret', replaces: 'message', after: 'message', through: 'message' }[field] ??
        field.replace('Id', '');
      const thing = 'messageId' in (operations[name]?.fields ?? {}) ? 'message' : named;
      expect(said[0]).toMatchObject({ status: 404, code: `${thing}_not_found` });
      for (const one of said) expect(one).toEqual(said[0]);
    },
  );

  async function foreignId(field: string): Promise<string> {
    if (field === 'agentId') return other.agent.id;
    if (field === 'keyId') return other.makeKey();
    if (field === 'fileId') return other.makeFile();
    if (field === 'secretId') return other.makeSigningSecret();
    return field === 'messageId' ? (await other.answered()).messageId : (await other.makeChat()).id;
  }

  test.each(transports)(
    'chat.list over %s shows no chats of another team under any filter',
    async (transport) => {
      await other.makeChat({ userId: 'theirs' });
      for (const input of [
        {},
        { userId: 'theirs' },
        { agentType: 'support' },
        { userId: 'theirs', agentType: 'support' },
      ]) {
        const { data } = await callAsTeam(transport, 'chat.list', input);
        const teams = (data as { chats: { teamId: string }[] }).chats.map(({ teamId }) => teamId);
        expect(teams).not.toContain(other.id);
      }
    },
  );

  test.each(transports)('agent.list over %s shows no agents of another team', async (transport) => {
    const { data } = await callAsTeam(transport, 'agent.list', {});
    const ids = (data as { agents: { id: string }[] }).agents.map(({ id }) => id);
    expect(ids).toContain(team.agent.id);
    expect(ids).not.toContain(other.agent.id);
  });
});

describe('missing fields and fields of a wrong type or form', () => {
  test.each(casesOfForm(everyTransport, 14))(
    '$name over $transport returns 400 for a wrong field and writes nothing',
    async ({ name, transport }) => {
      const input = await inputOf(name);
      const wrong = Object.entries(operations[name]?.fields ?? {}).flatMap(([field, kind]) =>
        rejectedRequests(transport, name, field, kind).map(({ what, change, saysAbout = field }) => ({
          what: `${field} as ${what}`,
          input: change(input),
          saysAbout,
        })),
      );
      const left = requiredFields(name)
        .filter((field) => transport === 'trpc' || !operationOf(name).pathParameters.includes(field))
        .map((field) => {
          const { [field]: _left, ...rest } = input;
          return { what: `without ${field}`, input: rest, saysAbout: field };
        });
      await expectRejected(transport, name, [...wrong, ...left]);
    },
  );
});

describe('unknown fields', () => {
  const strange = [
    'unknown',
    'UserId',
    'teamId',
    'team',
    '$where',
    'a.b',
    'constructor',
    'toString',
    '__proto__',
  ];

  test.each(casesOfForm(everyTransport, 15))(
    '$name over $transport returns 400 for an unknown field and writes nothing',
    async ({ name, transport }) => {
      const input = await inputOf(name);
      const cases = strange.map((field) => ({
        what: field,
        input: Object.fromEntries([...Object.entries(input), [field, 'x']]),
        saysAbout: field,
      }));
      await expectRejected(transport, name, cases);
    },
  );
});

interface RejectedInput {
  readonly what: string;
  readonly input: object;
  /** The field that the error names. */
  readonly saysAbout: string;
}

/** Sends each of the inputs, one after the other. Returns the unexpected responses with their inputs. */
async function expectRejected(
  transport: Transport,
  name: string,
  cases: readonly RejectedInput[],
): Promise<void> {
  await unchanged(mongo.raw, async () => {
    const wrong: unknown[] = [];
    for (const { what, input, saysAbout } of cases) {
      const { status, apiError } = await callAsTeam(transport, name, input);
      const paths = apiError?.issues?.map(({ path }) => path) ?? [];
      const isRefused = status === 400 && apiError?.code === 'invalid_input' && paths.includes(saysAbout);
      if (!isRefused) wrong.push({ what, status, code: apiError?.code, paths });
    }
    expect(wrong).toEqual([]);
  });
}

/** Sends a request that must be rejected, and checks that nothing was written. */
const rejected = (request: () => Promise<TransportAnswer>) => unchanged(mongo.raw, request);

function fieldsOf(name: string, kind: FieldKind): string[] {
  return Object.entries(operations[name]?.fields ?? {})
    .filter(([, is]) => is === kind)
    .map(([field]) => field);
}

function requiredFields(name: string): string[] {
  return Object.entries(operations[name]?.fields ?? {})
    .filter(([field]) => ['agentId', 'chatId', 'messageId', 'content', 'role'].includes(field))
    .map(([field]) => field);
}
