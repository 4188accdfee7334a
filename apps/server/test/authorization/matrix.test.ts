import { policies, signUserToken } from '@parley/api';
import type { ChatList } from '@parley/contract';
import { casesOfForm } from '@parley/embedded/testing/form';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { startHarness, type Team } from '../harness.ts';
import { operations } from '../support/operations.ts';
import { requestStream, streams } from '../support/streams.ts';
import { makeIssuerKey, signAsIssuer, startTokenIssuer } from '../support/token-issuer.ts';
import { ask, transports } from '../support/transports.ts';
import { trpcBatch } from '../support/trpc-batch.ts';
import { unchanged } from '../support/unchanged.ts';
import { type MatrixCaller, makeCallers } from './callers.ts';
import { type Expected, expectedOf, type Thing } from './expected.ts';

/*
 * The authorization matrix: each procedure, called by each kind of caller, on objects of their own, of another user
 * and of another team, over REST, tRPC, a tRPC batch and streams. It is generated from the router, so a new
 * procedure is included without a change, and a new kind of caller with one line. OWASP API 1, 3 and 5.
 */

const { url, makeTeam, mongo } = await startHarness({ toolAddresses: { arePrivateAllowed: true } });
const team = await makeTeam();
const otherTeam = await makeTeam();

const identityProvider = await startTokenIssuer();
afterAll(() => identityProvider.stop());
const issuerKey = await makeIssuerKey('ES256', 'e');
identityProvider.show(issuerKey.jwk);
const tokenIssuer = { url: identityProvider.url, issuer: 'https://login.example.com/', audience: 'chat' };
const setTokenIssuer = () => team.rest('PUT', '/token-issuer', { body: tokenIssuer });
// Some procedures of the table remove it.
beforeEach(setTokenIssuer);

const callers = await makeCallers(team, {
  byIssuer: (sub) => {
    const now = Math.floor(Date.now() / 1_000);
    const { issuer: iss, audience: aud } = tokenIssuer;
    return signAsIssuer(issuerKey, { sub, iss, aud, iat: now - 60, exp: now + 3_600 });
  },
  ofPage: async (user) => {
    const life = { seconds: 3_500, isAnonymous: true };
    return (await signUserToken(mongo.database.stores, team.id, user, life)).token;
  },
});
let count = 0;
afterAll(() => {
  process.stderr.write(`who may do what: ${count} cases\n`);
});

const policyOf = (procedure: string) => policies[procedure as keyof typeof policies];
const namesThing = (fields: readonly string[]) =>
  fields.some((field) => field.endsWith('Id') && field !== 'userId');

/** The owners of objects to request, for a procedure with these fields. */
function thingsOf(fields: readonly string[]): readonly Thing[] {
  if (fields.includes('chatId') || fields.includes('fileId'))
    return ['own', 'of another user', 'of another team'];
  return namesThing(fields) ? ['own', 'of another team'] : ['own'];
}

/** The team that creates objects for their owner. */
function ownerOf({ user }: MatrixCaller, thing: Thing): Team {
  if (thing === 'of another team') return otherTeam;
  return thing === 'of another user' ? team.withChatsOf('user_2') : team.withChatsOf(user?.id ?? 'user_3');
}

/** A valid input of a procedure. The team's token issuer stays the one that signed a caller's token. */
function validInputOf(name: string) {
  if (!name.startsWith('tokenIssuer.')) return operations[name]?.validInput;
  return async () => {
    await setTokenIssuer();
    return name === 'tokenIssuer.set' ? tokenIssuer : {};
  };
}

/** A valid input with an object of this owner. The owner of listed chats follows from the caller. */
async function inputFor(
  valid: (team: Team) => Promise<Readonly<Record<string, unknown>>>,
  caller: MatrixCaller,
  thing: Thing,
): Promise<Record<string, unknown>> {
  const owner = ownerOf(caller, thing);
  const { userId, ...input } = await valid(owner);
  // The user id is the whole input of an operation on a user.
  if (userId !== undefined && Object.keys(input).length === 0) return { userId };
  // The process has just answered in this chat, so the chat is in memory and is not read.
  return 'content' in input ? { ...input, chatId: (await owner.answered()).chatId } : input;
}

interface Answer {
  readonly status: number;
  readonly apiError?: { readonly code: string } | undefined;
}

function isAsExpected({ status, apiError }: Answer, expected: Expected): boolean {
  if (expected === 'success') return apiError === undefined && status < 300;
  return expected === 'not found' ? status === 404 : apiError?.code === expected;
}

interface Case {
  readonly caller: MatrixCaller;
  readonly thing: Thing;
  readonly expected: Expected;
}

/** Each caller with each object. */
function casesOf(procedure: string, fields: readonly string[]): Case[] {
  return callers.flatMap((caller) =>
    thingsOf(fields).map((thing) => {
      const expected = expectedOf(procedure, policyOf(procedure), caller, thing);
      return { caller, thing, expected };
    }),
  );
}

/** Sends the requests of each caller and returns the unexpected results. */
async function violationsOf(
  cases: readonly Case[],
  send: (caller: MatrixCaller, thing: Thing) => Promise<Answer>,
): Promise<string[]> {
  const violations: string[] = [];
  for (const { caller, thing, expected } of cases) {
    const answer = await send(caller, thing);
    count++;
    if (isAsExpected(answer, expected)) continue;
    const got = `${answer.status} ${answer.apiError?.code ?? 'success'}`;
    violations.push(`${caller.name}, ${thing}: ${got} instead of ${expected}`);
  }
  return violations;
}

const names = Object.keys(operations);

describe.each(casesOfForm(names, 48))('%s', (name) => {
  const { fields = {} } = operations[name] ?? {};
  const validInput = validInputOf(name);
  if (!validInput) throw new Error(`${name} has no example`);
  const given = Object.keys(fields);

  const cases = casesOf(name, given);

  test.each(transports)('permitted callers succeed over %s', async (transport) => {
    const letIn = cases.filter(({ expected }) => expected === 'success');
    const violations = await violationsOf(letIn, async (caller, thing) => {
      const input = await inputFor(validInput, caller, thing);
      return ask(transport, name, input, { url, headers: caller.headers });
    });
    expect(violations).toEqual([]);
  });

  test.each(transports)('all other callers are rejected over %s and change nothing', async (transport) => {
    const rejected = cases.filter(({ expected }) => expected !== 'success');
    const inputs = new Map<string, object>();
    const nameOf = (caller: MatrixCaller, thing: Thing) => `${caller.name}, ${thing}`;
    for (const { caller, thing } of rejected) {
      inputs.set(nameOf(caller, thing), await inputFor(validInput, caller, thing));
    }
    const violations = await unchanged(mongo.raw, () =>
      violationsOf(rejected, (caller, thing) =>
        ask(transport, name, inputs.get(nameOf(caller, thing)), { url, headers: caller.headers }),
      ),
    );
    expect(violations).toEqual([]);
  });

  test('each caller gets the same verdict in a tRPC batch beside a permitted call', async () => {
    const violations = await violationsOf(cases, async (caller, thing) => {
      const input = await inputFor(validInput, caller, thing);
      const [answer] = await trpcBatch(url, [name, name], [input, { unknown: 1 }], caller.headers);
      return answer ?? { status: 0 };
    });
    expect(violations).toEqual([]);
  });
});

describe.each(casesOfForm(streams, 3))('$operationId', (example) => {
  const { operationId, procedure, validInput, ids } = example;
  test.each(transports.filter((transport) => transport === 'rest' || operationId !== 'streamChat'))(
    'each caller gets the expected verdict over %s',
    async (transport) => {
      const violations = await violationsOf(casesOf(procedure, ids), async (caller, thing) => {
        const input = await inputFor(validInput, caller, thing);
        const stream = await requestStream(transport, example, input as never, {
          url,
          headers: caller.headers,
        });
        try {
          return transport === 'rest' ? stream : await firstOf(stream);
        } finally {
          stream.close();
        }
      });
      expect(violations).toEqual([]);
    },
  );
});

/** Over tRPC a rejection is the first event of a stream after `connected`. */
async function firstOf(stream: Awaited<ReturnType<typeof requestStream>>): Promise<Answer> {
  const [first] = (await stream.until(({ event }) => event !== 'connected')).slice(-1);
  if (first?.event !== 'serialized-error') return { status: stream.status };
  const { data } = JSON.parse(first.data) as { data: { httpStatus: number; apiError: { code: string } } };
  return { status: data.httpStatus, apiError: data.apiError };
}

describe('users who name another user', () => {
  const withUser = names.filter((name) => 'userId' in (operations[name]?.fields ?? {}));
  test.each(
    casesOfForm(
      withUser.flatMap((name) => transports.map((transport) => ({ name, transport }))),
      4,
    ),
  )(
    '$name over $transport returns 403 for another user and permits the whole team',
    async ({ name, transport }) => {
      const violations: string[] = [];
      for (const caller of callers) {
        const allowed = expectedOf(name, policyOf(name), caller, 'own');
        if (allowed !== 'success') continue;
        const input = { ...(await operations[name]?.validInput(team)), userId: 'user_2' };
        const answer = await ask(transport, name, input, { url, headers: caller.headers });
        const isOfChats = name === 'chat.create' && caller.isForOtherAgent;
        const expected = caller.user ? 'user_not_allowed' : isOfChats ? 'not found' : 'success';
        count++;
        if (!isAsExpected(answer, expected)) violations.push(`${caller.name}: ${answer.apiError?.code}`);
      }
      expect(violations).toEqual([]);
    },
  );
});

test.each(transports)('chat.list over %s shows each caller exactly their own chats', async (transport) => {
  const own = await Promise.all(['user_1', 'user_2'].map((userId) => team.makeChat({ userId })));
  await otherTeam.makeChat({ userId: 'user_1' });
  for (const caller of callers) {
    if (expectedOf('chat.list', policyOf('chat.list'), caller, 'own') !== 'success') continue;
    const { data } = await ask(transport, 'chat.list', {}, { url, headers: caller.headers });
    const { chats } = data as ChatList;
    count++;
    expect(
      chats.every(({ teamId }) => teamId === team.id),
      caller.name,
    ).toBe(true);
    const shown = own.filter(({ id }) => chats.some((chat) => chat.id === id)).map(({ userId }) => userId);
    if (caller.isForOtherAgent) expect(chats, caller.name).toEqual([]);
    else if (caller.user) {
      expect(
        chats.every(({ userId }) => userId === caller.user?.id),
        caller.name,
      ).toBe(true);
      expect(shown, caller.name).toEqual(caller.user.id === 'user_1' ? ['user_1'] : []);
    } else expect(shown, caller.name).toEqual(['user_1', 'user_2']);
  }
});
