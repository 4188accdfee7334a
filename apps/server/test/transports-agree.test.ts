import { casesOfForm } from '@parley/embedded/testing/form';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startHarness } from './harness.ts';
import { headersFor, operations } from './support/operations.ts';
import { ask, operationOf, type Transport, type TransportAnswer, takesBody } from './support/transports.ts';

const { url, makeTeam } = await startHarness();
const team = await makeTeam();
const other = await makeTeam();
const foreignChat = await other.makeChat();
await other.send(foreignChat.id, 'hello');

const orders = [
  ['rest', 'trpc'],
  ['trpc', 'rest'],
] as const;

/** Strings with another meaning for a parser, a database or a type. */
const trickyTexts = [
  '',
  ' ',
  '0',
  '5',
  '05',
  '1e2',
  '-1',
  '1.0',
  'true',
  'false',
  'null',
  'undefined',
  'NaN',
  '[]',
  '{}',
  '$ne',
  'a.b',
  '__proto__',
  'constructor',
  'asc',
  'desc',
  'user',
  'system',
  '2026-01-01',
  '🙂',
  'é',
  'a\0b',
  '%00',
  '%zz',
  '+',
  '&=#?/',
] as const;
const text = fc.oneof(
  fc.constantFrom(...trickyTexts),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constant('x'.repeat(300)),
);
const anyJson = fc.oneof(
  text,
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    1,
    -1,
    1.5,
    5,
    1e21,
    [],
    {},
    ['a'],
    { $ne: null },
    { $gt: '' },
    [{}],
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

type Input = Record<string, unknown>;
/** A changed field of a valid input, or an additional field. */
type Change = (input: Input) => Input;

function change(name: string): fc.Arbitrary<Change> {
  const { method, pathParameters } = operationOf(name);
  const fields = Object.keys(operations[name]?.fields ?? {});
  const inPath = (field: string) => pathParameters.includes(field);
  // A query and a path contain strings. A path contains none that a URL would normalize.
  const valueFor = (field: string): fc.Arbitrary<unknown> => {
    if (inPath(field)) return text.filter((value) => !/^\.{0,2}$/.test(value));
    return takesBody(method) ? anyJson : text;
  };
  const replace = (field: string) =>
    valueFor(field).map(
      (value): Change =>
        (input) => ({ ...input, [field]: value }),
    );
  const remove = (field: string) => fc.constant<Change>(({ [field]: _left, ...input }) => input);
  return fc.oneof(
    fc.constant<Change>((input) => input),
    ...fields.map(replace),
    ...fields.filter((field) => !inPath(field)).map(remove),
    fc.constantFrom('unknown', 'userID', '$where', 'a.b', 'constructor', '__proto__').map(
      (field): Change =>
        (input) =>
          Object.fromEntries([...Object.entries(input), [field, 'x']]),
    ),
  );
}

/**
 * A response without the parts that may differ: new ids and times, the kind of 2xx, and the number of named mistakes.
 */
function comparable({ status, data, apiError }: TransportAnswer, mistakes: number): unknown {
  const issues = mistakes <= 1 ? apiError?.issues : undefined;
  const plain = JSON.stringify(
    { status: Math.max(status, 299), data, code: apiError?.code, issues },
    (key, value: unknown) => {
      if (key.endsWith('At') && typeof value === 'string') return 'a timestamp';
      if (['key', 'visibleStart', 'token', 'secret'].includes(key)) return 'a secret';
      return typeof value === 'string' ? value.replaceAll(MINTED, 'an id') : value;
    },
  );
  return JSON.parse(plain);
}

/** Ids of objects that the request creates. */
const MINTED = /(?:chat|msg|file|key|guest|sec|agent|del)_[0-9a-z]{28}/g;

/** Calls both transports in this order. An operation that works only once gets two inputs. */
async function askBoth(
  name: string,
  order: readonly Transport[],
  changes: readonly Change[],
): Promise<{ first: unknown; second: unknown }> {
  const answers: unknown[] = [];
  for (const transport of order) {
    const valid = (await operations[name]?.validInput(team)) ?? {};
    const input = changes.reduce((changed, apply) => apply(changed), valid);
    answers.push(
      comparable(
        await ask(transport, name, input, { url, headers: await headersFor(team, name) }),
        changes.length,
      ),
    );
  }
  return { first: answers[0], second: answers[1] };
}

describe.each(casesOfForm(Object.keys(operations), 32))('%s', (name) => {
  test('both transports return one result, or one code and the same issues, in either order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...orders),
        fc.array(change(name), { minLength: 1, maxLength: 2 }),
        async (order, changes) => {
          const { first, second } = await askBoth(name, order, changes);
          expect(second).toEqual(first);
        },
      ),
      { numRuns: 70 },
    );
  });

  const things = Object.entries(operations[name]?.fields ?? {}).filter(([, kind]) => kind === 'id');
  test.each(things.map(([field]) => field))(
    'both transports return the same for %s of another team',
    async (field) => {
      const foreign: Record<string, string> = {
        agentId: other.agent.id,
        keyId: await other.makeKey(),
        secretId: await other.makeSigningSecret(),
      };
      const id = foreign[field] ?? foreignChat.id;
      for (const order of orders) {
        const { first, second } = await askBoth(name, order, [(input) => ({ ...input, [field]: id })]);
        expect(first).toMatchObject({ status: 404 });
        expect(second).toEqual(first);
      }
    },
  );

  test.each([undefined, 'sk_live_wrong', other.secretKey])(
    'both transports return the same with the key %s',
    async (key) => {
      const input = (await operations[name]?.validInput(team)) ?? {};
      if (name === 'tokenIssuer.delete') await operations[name]?.validInput(other);
      const as = { url, headers: key === undefined ? {} : { 'x-api-key': key } };
      const rest = comparable(await ask('rest', name, input, as), 1);
      // A team has one issuer of tokens, which the first answer may have deleted.
      if (name === 'tokenIssuer.delete') await operations[name]?.validInput(other);
      expect(comparable(await ask('trpc', name, input, as), 1)).toEqual(rest);
    },
  );
});

test('each transport returns unchanged what the other created', async () => {
  // A separate team, because `team.update` has changed the settings of the others.
  const team = await makeTeam();
  const metadata = { a: [1, 'x', null], 'b.c': { $d: true } };
  const made = await team.trpc.chat.create.mutate({ agentId: team.agent.id, userId: '00123', metadata });
  await team.send(made.id, 'by REST');
  const { createdAt: endedAt } = await team.trpc.message.create.mutate({
    ...{ chatId: made.id, content: 'by tRPC', role: 'user' },
  });
  // The last use is stored in the background.
  const updatedAt = async () => (await team.trpc.chat.get.query({ chatId: made.id })).updatedAt;
  await expect.poll(async () => (await updatedAt()) >= endedAt).toBe(true);
  expect((await team.rest('GET', `/chat/${made.id}`)).body).toEqual(
    await team.trpc.chat.get.query({ chatId: made.id }),
  );
  expect((await team.rest('GET', '/chat?userId=00123')).body).toEqual(
    await team.trpc.chat.list.query({ userId: '00123' }),
  );
  expect((await team.rest('GET', `/chat/${made.id}/message?limit=3`)).body).toEqual(
    await team.trpc.message.list.query({ chatId: made.id, limit: 3 }),
  );
});
