import { describe, expect, test } from 'vitest';
import { type Background, checkBackground, type ShownChat } from './check-background.ts';
import { exampleTurns } from './example-cell.ts';

const used: ShownChat = {
  ...{ id: 'chat_1', title: 'q-1' },
  updatedAt: new Date(4_310).toISOString(),
};
const unused: ShownChat = { id: 'chat_2', updatedAt: new Date(4_000).toISOString() };
const kept: Background = {
  turns: exampleTurns,
  lists: ['A', 'B'].map((server) => ({ server, chats: [used, unused] })),
  followed: [unused, used],
  searchable: new Set(exampleTurns.map(({ id }) => id)),
};

/** The example with another chat in place of the used one, in all lists. */
const withUsed = (change: Partial<ShownChat>): Partial<Background> => {
  const chat = { ...used, ...change };
  return {
    lists: kept.lists.map(({ server }) => ({ server, chats: [chat, unused] })),
    followed: [chat, unused],
  };
};

test('background writes that are all there are not complained about', () => {
  expect(checkBackground(kept)).toEqual([]);
});

describe('a fault of a background write is found', () => {
  test.each<[fault: string, doctored: Partial<Background>, offence: RegExp]>([
    [
      'the last use was not written',
      withUsed({ updatedAt: new Date(4_200).toISOString() }),
      /it was used at 4300/,
    ],
    ['the chat is still being answered', withUsed({ isAnswering: true }), /as being answered/],
    [
      'the chat is not listed',
      { lists: [{ server: 'A', chats: [unused] }], followed: [unused] },
      /does not list/,
    ],
    [
      'the list is not in the order of uses',
      { lists: [{ server: 'A', chats: [unused, used] }] },
      /the last used chat first/,
    ],
    [
      'the follower missed a use',
      { followed: [unused, { ...used, updatedAt: unused.updatedAt }] },
      /follower.* lacks/,
    ],
    [
      'the follower missed a new title',
      { followed: [unused, { ...used, title: 'old' }] },
      /follower.* lacks/,
    ],
    ['the follower missed a deletion', { lists: [{ server: 'A', chats: [used] }] }, /shows chat_2/],
    [
      'the words of a turn were not stored',
      { searchable: new Set(['turn_1']) },
      /turn_2 .*no search finds it/,
    ],
  ])('%s', (_, doctored, offence) => {
    expect(checkBackground({ ...kept, ...doctored }).join('\n')).toMatch(offence);
  });
});
