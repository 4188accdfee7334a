import type { Id } from '@parley/contract';
import type { ChatAccess } from '../chat/chat-access.ts';
import type { PageOf } from '../page.ts';
import type { Scope } from '../scope.ts';
import type { FoundMessage } from './search-records.ts';

/** The search in the messages of chats. It finds messages of ended turns, and their answers. */
export interface SearchStore {
  /**
   * Makes ended turns found. Repeatable. Turns that have not ended, turns of removed messages and turns of deleted chats are left
   * out. Reasoning and tool calls are not searched.
   */
  add(turns: readonly Id<'turn'>[]): Promise<void>;
  /** Removes what searches find of turns. Mark their messages as removed before, so that no later write adds it again. */
  remove(chat: ChatAccess, turns: readonly Id<'turn'>[]): Promise<void>;
  /**
   * The messages in the scope's chats that contain all words of a text, newest first. A message and its answer count as one
   * text, of which the better match is returned. A page may be shorter than `limit` although `next` is set.
   */
  find(
    scope: Scope,
    text: string,
    page: { readonly limit: number; readonly after?: Id<'turn'> },
  ): Promise<PageOf<FoundMessage, Id<'turn'>>>;
}
