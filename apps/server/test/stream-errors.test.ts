import { streamOperations } from '@parley/api';
import { limits } from '@parley/contract';
import { mintApiKey } from '@parley/db';
import { casesOfForm } from '@parley/embedded/testing/form';
import { describe, expect, test } from 'vitest';
import { startHarness } from './harness.ts';
import {
  apiErrorAt,
  requestStream,
  type StreamExample,
  streamOperationOf,
  streams,
} from './support/streams.ts';
import { type Transport, transports } from './support/transports.ts';

/* Every operation that returns events rejects invalid requests before the stream begins. */

const { url, makeTeam, rest } = await startHarness();
const team = await makeTeam();
const other = await makeTeam();
const headers = { 'x-api-key': team.secretKey };

const rejected = async (
  transport: Transport,
  example: Pick<StreamExample, 'operationId' | 'procedure'>,
  input: Readonly<Record<string, unknown>>,
  sent: Readonly<Record<string, string>> = headers,
) => apiErrorAt(transport, await requestStream(transport, example, input, { url, headers: sent }));

/** `streamChat` only exists over REST. Its counterpart is `message.follow`, as for `streamMessage`. */
const everyTransport = streams.flatMap((example) =>
  transports
    .filter((transport) => transport === 'rest' || example.operationId !== 'streamChat')
    .map((transport) => ({ ...example, name: example.operationId, transport })),
);

test('every operation that returns events is in the table', () => {
  expect(streams.map(({ operationId }) => operationId)).toEqual(
    streamOperations.map(({ operationId }) => operationId),
  );
});

describe('authentication comes first', () => {
  const wrong: [string, Record<string, string>][] = [
    ['no key', {}],
    ['an empty key', { 'x-api-key': '' }],
    ['a text that is no key', { 'x-api-key': 'undefined' }],
    ['a well-formed key that nobody made', { 'x-api-key': mintApiKey('secret') }],
    ['a key under another scheme', { authorization: `Basic ${team.secretKey}` }],
  ];

  describe.each(casesOfForm(everyTransport, 3))('$name over $transport', (example) => {
    test.each(wrong)('%s returns 401 without details about the input', async (_, sent) => {
      for (const input of [await example.validInput(team), { chatId: 'x', messageId: 'y', unknown: 'z' }]) {
        const answer = await rejected(example.transport, example, input, sent);
        expect(answer).toMatchObject({ status: 401, apiError: { code: 'unauthorized' } });
      }
    });

    test('both kinds of key are accepted in either header', async () => {
      for (const key of [team.secretKey, team.publishableKey]) {
        for (const sent of [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }]) {
          // After an unknown id the stream has an event at once.
          const input = { ...(await example.validInput(team)), lastEventId: 'x' };
          const stream = await requestStream(example.transport, example, input, { url, headers: sent });
          expect(stream.status).toBe(example.operationId === 'streamChat' ? 204 : 200);
          const first = await stream.until(({ event }) => event !== 'connected').catch(() => []);
          const expected = example.operationId === 'followChats' ? 'list-changed' : 'snapshot';
          if (example.operationId !== 'streamChat') expect(first.at(-1)?.data).toContain(expected);
          stream.close();
        }
      }
    });
  });
});

describe('resources of another team', () => {
  const ids = everyTransport.flatMap((example) => example.ids.map((field) => ({ ...example, field })));

  test.each(casesOfForm(ids, 4))(
    '$name over $transport returns 404 for $field of another team, as for an unknown one',
    async ({ transport, field, validInput, ...example }) => {
      const theirs = await other.answered();
      const foreign = field === 'chatId' ? theirs.chatId : theirs.messageId;
      const said: unknown[] = [];
      for (const id of [
        foreign,
        `${foreign.replace(/_.*/, '')}_${'0'.repeat(28)}`,
        'no-such-id',
        'é'.repeat(9),
      ]) {
        const input = { ...(await validInput(team)), [field]: id };
        const { status, apiError } = await rejected(transport, example, input);
        said.push({ status, ...apiError, requestId: '' });
      }
      const code = example.operationId === 'streamMessage' ? 'message_not_found' : 'chat_not_found';
      expect(said[0]).toMatchObject({ status: 404, code });
      for (const one of said) expect(one).toEqual(said[0]);
    },
  );
});

describe('invalid input of streams', () => {
  const strange = ['unknown', 'LastEventId', 'limit', '$where', 'constructor', 'lastEventId[]'];
  const cases = everyTransport.flatMap((example) => strange.map((field) => ({ ...example, field })));

  test.each(cases)(
    '$name over $transport returns 400 for the field $field',
    async ({ transport, field, validInput, ...example }) => {
      const input = { ...(await validInput(team)), [field]: 'x' };
      expect(await rejected(transport, example, input)).toMatchObject({
        status: 400,
        apiError: { code: 'invalid_input', issues: [{ path: field }] },
      });
    },
  );

  const readers = everyTransport.filter(({ operationId }) => operationId !== 'streamChat');
  test.each(readers)(
    '$name over $transport returns 400 for a `lastEventId` that is too long',
    async ({ transport, validInput, ...example }) => {
      const input = { ...(await validInput(team)), lastEventId: '1'.repeat(limits.cursorLengthMax + 1) };
      expect(await rejected(transport, example, input)).toMatchObject({
        status: 400,
        apiError: { code: 'invalid_input', issues: [{ path: 'lastEventId' }] },
      });
    },
  );

  test.each(streams)(
    '$operationId returns 400 for two `lastEventId` and for a broken escape',
    async ({ operationId, validInput }) => {
      const input = await validInput(team);
      const path = streamOperationOf(operationId).path.replaceAll(
        /\{(\w+)\}/g,
        (_, name: string) => input[name] ?? '',
      );
      const twice = await rest('GET', `${path}?lastEventId=1-1-1&lastEventId=1-1-2`, { headers });
      expect(twice).toMatchObject({ status: 400, apiError: { code: 'invalid_input' } });
      const broken = await rest('GET', `${path}?lastEventId=%zz`, { headers });
      expect(broken).toMatchObject({ status: 400, apiError: { code: 'malformed_request' } });
    },
  );
});
