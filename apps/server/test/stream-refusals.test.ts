import { streamOperations } from '@parley/api';
import { limits } from '@parley/contract';
import { mintApiKey } from '@parley/db';
import { describe, expect, test } from 'vitest';
import { startHarness } from './harness.ts';
import { type Door, doors } from './support/doors.ts';
import {
  askForStream,
  refusalAt,
  type StreamExample,
  streamOperationOf,
  streams,
} from './support/streams.ts';

/*
 * What every operation that answers with events is refused for, before anything of a stream is sent.
 */

const { url, makeTeam, rest } = await startHarness();
const team = await makeTeam();
const other = await makeTeam();
const headers = { 'x-api-key': team.secretKey };

const refused = async (
  door: Door,
  example: Pick<StreamExample, 'operationId' | 'procedure'>,
  input: Readonly<Record<string, unknown>>,
  sent: Readonly<Record<string, string>> = headers,
) => refusalAt(door, await askForStream(door, example, input, { url, headers: sent }));

/** `streamChat` is REST's own: its other door is `message.follow`, as for `streamMessage`. */
const everyDoor = streams.flatMap((example) =>
  doors
    .filter((door) => door === 'rest' || example.operationId !== 'streamChat')
    .map((door) => ({ ...example, name: example.operationId, door })),
);

test('every operation that answers with events has its place in the table', () => {
  expect(streams.map(({ operationId }) => operationId)).toEqual(
    streamOperations.map(({ operationId }) => operationId),
  );
});

describe('who calls is settled first', () => {
  const wrong: [string, Record<string, string>][] = [
    ['no key', {}],
    ['an empty key', { 'x-api-key': '' }],
    ['a text that is no key', { 'x-api-key': 'undefined' }],
    ['a well-formed key that nobody made', { 'x-api-key': mintApiKey('secret') }],
    ['a key under another scheme', { authorization: `Basic ${team.secretKey}` }],
  ];

  describe.each(everyDoor)('$name at $door', (example) => {
    test.each(wrong)('%s is 401, and nothing is told about the input', async (_, sent) => {
      for (const input of [await example.validInput(team), { chatId: 'x', messageId: 'y', unknown: 'z' }]) {
        const answer = await refused(example.door, example, input, sent);
        expect(answer).toMatchObject({ status: 401, refusal: { code: 'unauthorized' } });
      }
    });

    test('both kinds of key are let in, in either header', async () => {
      for (const key of [team.secretKey, team.publishableKey]) {
        for (const sent of [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }]) {
          // After an event nobody was sent something is told at once.
          const input = { ...(await example.validInput(team)), lastEventId: 'x' };
          const stream = await askForStream(example.door, example, input, { url, headers: sent });
          expect(stream.status).toBe(example.operationId === 'streamChat' ? 204 : 200);
          const first = await stream.until(({ event }) => event !== 'connected').catch(() => []);
          if (example.operationId !== 'streamChat') expect(first.at(-1)?.data).toContain('snapshot');
          stream.close();
        }
      }
    });
  });
});

describe("another team's thing is not there", () => {
  const ids = everyDoor.flatMap((example) => example.ids.map((field) => ({ ...example, field })));

  test.each(ids)(
    '$name at $door: $field of another team is 404, as one that never was',
    async ({ door, field, validInput, ...example }) => {
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
        const { status, refusal } = await refused(door, example, input);
        said.push({ status, ...refusal, requestId: '' });
      }
      const code = example.operationId === 'streamMessage' ? 'message_not_found' : 'chat_not_found';
      expect(said[0]).toMatchObject({ status: 404, code });
      for (const one of said) expect(one).toEqual(said[0]);
    },
  );
});

describe('what is no input of it', () => {
  const strange = ['unknown', 'LastEventId', 'limit', '$where', 'constructor', 'lastEventId[]'];
  const cases = everyDoor.flatMap((example) => strange.map((field) => ({ ...example, field })));

  test.each(cases)(
    '$name at $door: the field $field is 400',
    async ({ door, field, validInput, ...example }) => {
      const input = { ...(await validInput(team)), [field]: 'x' };
      expect(await refused(door, example, input)).toMatchObject({
        status: 400,
        refusal: { code: 'invalid_input', issues: [{ path: field }] },
      });
    },
  );

  const readers = everyDoor.filter(({ operationId }) => operationId !== 'streamChat');
  test.each(readers)(
    '$name at $door: a `lastEventId` that is longer than any is 400',
    async ({ door, validInput, ...example }) => {
      const input = { ...(await validInput(team)), lastEventId: '1'.repeat(limits.cursorLengthMax + 1) };
      expect(await refused(door, example, input)).toMatchObject({
        status: 400,
        refusal: { code: 'invalid_input', issues: [{ path: 'lastEventId' }] },
      });
    },
  );

  test.each(streams)(
    '$operationId: two of `lastEventId`, and a broken escape, are 400',
    async ({ operationId, validInput }) => {
      const input = await validInput(team);
      const path = streamOperationOf(operationId).path.replaceAll(
        /\{(\w+)\}/g,
        (_, name: string) => input[name] ?? '',
      );
      const twice = await rest('GET', `${path}?lastEventId=1-1-1&lastEventId=1-1-2`, { headers });
      expect(twice).toMatchObject({ status: 400, refusal: { code: 'invalid_input' } });
      const broken = await rest('GET', `${path}?lastEventId=%zz`, { headers });
      expect(broken).toMatchObject({ status: 400, refusal: { code: 'malformed_request' } });
    },
  );
});
