import type { ChatWithMessages } from '@parley/contract';
import { limits } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam, url } = await startHarness();
const team = await makeTeam();

/** A chat without the fields that change in the background after an answer. */
const fixed = ({ updatedAt: _, isAnswering: _isAnswering, ...chat }: ChatWithMessages) => chat;
const exportOf = (chatId: string, query: Record<string, string> = {}) =>
  team.rest<ChatWithMessages>('GET', `/chat/${chatId}/export`, { query });

test('an export is a file with the same JSON as the chat, unless Markdown is asked for', async () => {
  const { id } = await team.makeChat({ userId: 'user_1', metadata: { plan: 'pro' } });
  const { body: answer } = await team.send(id, 'The capital of France?');
  await team.rest('PUT', `/chat/${id}/message/${answer.id}/feedback`, { body: { rating: 'up' } });
  const { body: chat } = await team.rest<ChatWithMessages>('GET', `/chat/${id}`);
  for (const query of [{}, { format: 'json' }]) {
    const file = await exportOf(id, query);
    expect(fixed(file.body)).toEqual(fixed(chat));
    expect(file.headers.get('content-disposition')).toBe(`attachment; filename="${id}.json"`);
    expect(file.headers.get('x-content-type-options')).toBe('nosniff');
  }
});

test('an export as Markdown has the messages that the list shows, each quoted below its role and time', async () => {
  const { id } = await team.makeChat({ userId: 'user_1', metadata: { plan: 'pro' } });
  const { body: answer } = await team.send(id, 'One\n## Assistant, now\n> Two');
  const path = `/chat/${id}/message/${answer.id}/feedback`;
  await team.rest('PUT', path, { body: { rating: 'down', comment: '*no*' } });
  const { status, headers, text } = await exportOf(id, { format: 'md' });
  expect([status, headers.get('content-type')]).toEqual([200, 'text/markdown; charset=utf-8']);
  expect(headers.get('content-disposition')).toBe(`attachment; filename="${id}.md"`);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  const { messages } = (await team.rest<ChatWithMessages>('GET', `/chat/${id}`)).body;
  const [question] = messages;
  expect(text).toContain(`## User, ${question?.createdAt}\n\n> One\n> ## Assistant, now\n> > Two\n`);
  expect(text).toContain(
    `## Assistant, ${answer.createdAt}\n\n> ${answer.content.replaceAll('\n', '\n> ')}\n`,
  );
  expect(text).toContain('\nFeedback: down, \\*no\\*\n');
  expect(text.match(/^## /gm)).toHaveLength(2);
});

test('a large chat is exported whole, in both formats', async () => {
  const { id } = await team.makeChat();
  const long = '🙂'.repeat(limits.messageLengthMax);
  for (let index = 0; index < 10; index++) await team.send(id, long);
  const file = await exportOf(id);
  expect(file.body.messages).toHaveLength(20);
  const { body: chat } = await team.rest<ChatWithMessages>('GET', `/chat/${id}`);
  expect(fixed(file.body)).toEqual(fixed(chat));
  const { text } = await exportOf(id, { format: 'md' });
  expect(text.split(`> ${long}\n`)).toHaveLength(11);
});

test('a user exports their own chat with their own feedback only', async () => {
  const { id } = await team.makeChat({ userId: 'ann' });
  const { body: answer } = await team.send(id, 'hello');
  await team.rest('PUT', `/chat/${id}/message/${answer.id}/feedback`, { body: { rating: 'down' } });
  const as = async (userId: string) => ({
    key: await team.guestKey(),
    headers: { 'x-user-token': await team.userToken(userId) },
    query: { format: 'md' },
  });
  const own = await team.rest('GET', `/chat/${id}/export`, await as('ann'));
  expect(own.text).toContain('> hello');
  expect(own.text).not.toContain('Feedback');
  const other = await team.rest('GET', `/chat/${id}/export`, await as('ben'));
  expect([other.status, other.apiError.code]).toEqual([404, 'chat_not_found']);
});

test('an export in an unknown format is 400, also beside another one', async () => {
  const { id } = await team.makeChat();
  for (const format of ['pdf', '', 'MD']) {
    const { status, apiError } = await exportOf(id, { format });
    expect([status, apiError.code]).toEqual([400, 'invalid_input']);
  }
  const response = await fetch(`${url}/chat/${id}/export?format=md&format=json`, {
    headers: { 'x-api-key': team.secretKey },
  });
  expect(response.status).toBe(400);
});

test('an export of a chat that does not exist, or of another team, is 404 in both formats', async () => {
  const { id } = await (await makeTeam()).makeChat();
  for (const chatId of [id, 'chat_nope'])
    for (const format of ['md', 'json']) {
      const { status, apiError, headers } = await exportOf(chatId, { format });
      expect([status, apiError.code]).toEqual([404, 'chat_not_found']);
      expect(headers.get('content-disposition')).toBeNull();
    }
});
