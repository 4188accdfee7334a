import { mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam } = await startHarness();
const team = await makeTeam();
const other = await makeTeam();
const foreign = await other.makeChat();
const own = await team.makeChat();
await other.send(foreign.id, 'secret of the other team');

test.each([
  ['that does not exist', mintId('chat')],
  ['of another team', foreign.id],
  ['without the form of an id', 'nope'],
  ['in upper case', own.id.toUpperCase()],
  ['of 4,000 characters', 'a'.repeat(4_000)],
  ['with NUL', 'a%00b'],
  ['of NUL alone', '%00'],
  ['with a slash', `${own.id}%2Fmessage`],
  ['with a backslash', `${own.id}%5C`],
  ['with dots', '%2E%2E%2Fagent'],
  ['with a query mark', `${own.id}%3Flimit=1`],
  ['with a hash', `${own.id}%23`],
  ['with a blank', `${own.id}%20`],
  ['with a line break', `${own.id}%0A`],
  ['encoded twice', own.id.replace('chat_', '%2563hat_')],
  ['in letters beyond ASCII', '%C3%A9%F0%9F%99%82'],
  ['with braces', '{chatId}'],
  ['with an operator', '[$ne]'],
  ['with the name of a property', '__proto__'],
])('a chat id %s returns 404 chat_not_found', async (_, id) => {
  for (const [method, path] of [
    ['GET', `/chat/${id}`],
    ['DELETE', `/chat/${id}`],
    ['GET', `/chat/${id}/message`],
  ] as const) {
    const { status, apiError } = await team.rest(method, path);
    expect(status).toBe(404);
    expect(apiError.code).toBe('chat_not_found');
  }
  const { status, apiError } = await team.send(id, 'hello');
  expect(status).toBe(404);
  expect(apiError.code).toBe('chat_not_found');
});

test.each(['%zz', '%', '%E0%A4', '%ff', 'chat_%', '%c0%80'])(
  'a broken escape (/chat/%s) returns 400, not 404',
  async (id) => {
    for (const path of [`/chat/${id}`, `/chat/${id}/message`]) {
      const { status, apiError } = await team.rest('GET', path);
      expect(status).toBe(400);
      expect(apiError.code).toBe('malformed_request');
    }
  },
);

test('no rejected request changed a chat', async () => {
  expect((await team.rest('GET', `/chat/${own.id}`)).status).toBe(200);
  expect((await other.trpc.chat.get.query({ chatId: foreign.id })).messages).toHaveLength(2);
});
