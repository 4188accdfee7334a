import type { ChatList } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam } = await startHarness();
const team = await makeTeam();

const titles = [
  'Trip to Paris in spring',
  'Paris restaurants',
  'Spring cleaning',
  'Überraschung für Zoë',
  '東京の天気',
  'C++ and Rust',
  'Łódź with Node.js',
  'Plain Lodz',
  '서울대학교 축제',
] as const;
for (const title of titles) {
  const { id } = await team.makeChat({ userId: title.includes('Paris') ? 'ann' : 'bob' });
  await team.rest('PATCH', `/chat/${id}`, { body: { title } });
}
await team.makeChat();
const otherTeam = await makeTeam();
const { id: foreign } = await otherTeam.makeChat();
await otherTeam.rest('PATCH', `/chat/${foreign}`, { body: { title: 'Paris' } });

const find = async (search: string, query: Record<string, string> = {}) => {
  const { body } = await team.rest<ChatList>('GET', '/chat', { query: { search, ...query } });
  return body.chats.map(({ title }) => title);
};

test.each([
  ['paris', ['Paris restaurants', 'Trip to Paris in spring']],
  ['PAR', ['Paris restaurants', 'Trip to Paris in spring']],
  ['p', ['Plain Lodz', 'Paris restaurants', 'Trip to Paris in spring']],
  ['spring par', ['Trip to Paris in spring']],
  ['restaurant', ['Paris restaurants']],
  ['ring', []],
  ['uber zoe', ['Überraschung für Zoë']],
  ['天気', ['東京の天気']],
  ['京', ['東京の天気']],
  ['lodz', ['Plain Lodz', 'Łódź with Node.js']],
  ['ŁÓDŹ', ['Plain Lodz', 'Łódź with Node.js']],
  ['łódź plain', ['Plain Lodz']],
  ['대학교', ['서울대학교 축제']],
  ['łódź js', ['Łódź with Node.js']],
  ['rust', ['C++ and Rust']],
  ['?!', []],
  ['.*', []],
  ['$where', []],
])('the search "%s" finds the titles with words that begin so, newest first', async (search, expected) => {
  expect(await find(search)).toEqual(expected);
});

test('a search combines with the other filters', async () => {
  expect(await find('spring', { userId: 'ann' })).toEqual(['Trip to Paris in spring']);
  expect(await find('spring', { userId: 'bob' })).toEqual(['Spring cleaning']);
  expect(await find('spring', { userId: 'bob', agentType: 'sales' })).toEqual([]);
});

test('a search is paged, and its cursor works only with the same search', async () => {
  const { body } = await team.rest<ChatList>('GET', '/chat', { query: { search: 'pa', limit: '1' } });
  expect(body.chats.map(({ title }) => title)).toEqual(['Paris restaurants']);
  const cursor = body.nextCursor ?? '';
  expect(await find('pa', { limit: '1', cursor })).toEqual(['Trip to Paris in spring']);
  const { status, apiError } = await team.rest('GET', '/chat', { query: { search: 'par', cursor } });
  expect([status, apiError.code]).toEqual([400, 'invalid_cursor']);
});
