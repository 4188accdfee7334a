import type { ChatAccess } from '../chat/chat-access.ts';
import type { PageOf } from '../page.ts';
import type { ListedMessage, MessagePosition } from './message-records.ts';

/** The messages of chats. */
export interface MessageStore {
  /**
   * At most `limit` messages of a chat after `after`, in the given order. In a chat with versions these are the messages of
   * one path: that of the turn `head`, or else the shown one. All pages of a list show the path of the first.
   */
  list(
    chat: ChatAccess,
    page: { limit: number; order: 'asc' | 'desc'; after?: MessagePosition; head?: number },
  ): Promise<PageOf<ListedMessage, MessagePosition>>;
  /** The sequence of the newest turn whose path shows a message. Undefined if the chat has no such message. */
  findHead(chat: ChatAccess, message: string): Promise<number | undefined>;
}
