import type { ChatAccess } from '../chat/chat-access.ts';
import type { PageOf } from '../page.ts';
import type { ListedMessage, MessagePosition } from './message-records.ts';

/** The messages of chats. */
export interface MessageStore {
  /** At most `limit` messages of a chat after `after`, in the given order. */
  list(
    chat: ChatAccess,
    page: { limit: number; order: 'asc' | 'desc'; after?: MessagePosition },
  ): Promise<PageOf<ListedMessage, MessagePosition>>;
}
