import type { Chat } from '@parley/contract';

/** Returns the title of a chat, or a default while it has none. */
export function titleOf({ title }: Pick<Chat, 'title'>): string {
  return title?.trim() || 'New conversation';
}
