import type { Chat } from '@parley/contract';

/** What a chat is called; one without a message yet has no title. */
export function titleOf({ title }: Pick<Chat, 'title'>): string {
  return title?.trim() || 'New conversation';
}
