import { expect, test } from 'vitest';
import { Followers } from './followers.ts';

const empty = { kind: 'empty', attempt: 1 } as const;

test('a listener on the end of a turn receives its outcome, and of its chat only the deletion', () => {
  const followers = new Followers();
  const notified: string[] = [];
  followers.attachToEnd('turn_1', 'chat_1', ({ kind }) => notified.push(kind));
  followers.chats.notify('chat_1', 'changed');
  followers.chats.notify('chat_1', 'draining');
  followers.chats.notify('chat_2', 'deleted');
  followers.outcomes.notify('turn_2', empty);
  followers.texts.notify('turn_1', undefined);
  expect(notified).toEqual([]);
  followers.outcomes.notify('turn_1', empty);
  followers.chats.notify('chat_1', 'deleted');
  expect(notified).toEqual(['empty', 'deleted']);
});

test('a listener that detaches is removed from the turn and from the chat', () => {
  const followers = new Followers();
  const detach = followers.attachToEnd('turn_1', 'chat_1', () => expect.unreachable());
  detach();
  followers.outcomes.notify('turn_1', empty);
  followers.chats.notify('chat_1', 'deleted');
  expect([followers.outcomes.size, followers.chats.size]).toEqual([0, 0]);
});
