import { limits } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { unchanged } from '../support/unchanged.ts';

const { makeTeam, model, mongo } = await startHarness();
const team = await makeTeam();
const chat = await team.makeChat();

test.each([
  ['an empty content', { content: '', role: 'user' }, 'content'],
  ['32,001 characters', { content: 'x'.repeat(limits.messageLengthMax + 1), role: 'user' }, 'content'],
  [
    '32,001 characters of two UTF-16 units each',
    { content: '🙂'.repeat(limits.messageLengthMax + 1), role: 'user' },
    'content',
  ],
  ['NUL', { content: 'a\0b', role: 'user' }, 'content'],
  ['half a surrogate pair', { content: '\ud83d', role: 'user' }, 'content'],
  ['the second half of a surrogate pair', { content: 'a\udc00', role: 'user' }, 'content'],
  ['the role assistant', { content: 'hi', role: 'assistant' }, 'role'],
  ['the role system', { content: 'hi', role: 'system' }, 'role'],
  ['no role', { content: 'hi' }, 'role'],
  ['no content', { role: 'user' }, 'content'],
  ['a content in parts', { content: [{ type: 'text', text: 'hi' }], role: 'user' }, 'content'],
  ['an id of its own', { content: 'hi', role: 'user', id: 'msg_x' }, 'id'],
  ['the chat in body and path', { content: 'hi', role: 'user', chatId: chat.id }, 'chatId'],
  ['a model', { content: 'hi', role: 'user', model: 'gpt' }, 'model'],
])('%s is rejected with the name of the field, stores nothing and calls no model', async (_, body, path) => {
  const { status, apiError } = await unchanged(mongo.raw, () =>
    team.rest('POST', `/chat/${chat.id}/message`, { body }),
  );
  expect(status).toBe(400);
  expect(apiError).toMatchObject({ code: 'invalid_input', issues: [{ path }] });
  expect(model.calls()).toEqual([]);
});

test('the last of two equal keys in one object counts, as in any JSON', async () => {
  const { body } = await team.rest<{ content: string }>('POST', `/chat/${chat.id}/message`, {
    rawBody: '{"content":"one","content":"two","role":"user"}',
    headers: { 'content-type': 'application/json' },
  });
  expect(body.content).toBe('You said: two');
});
