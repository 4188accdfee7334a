import type { ChatAccess } from '../chat/chat-access.ts';
import type { PageOf } from '../page.ts';
import type { ListedMessage, MessagePosition } from './message-records.ts';

export interface MessageStore {
  /** All messages a list shows, in the given order, at most `limit`, from after `after` on. */
  list(
    chat: ChatAccess,
    page: { limit: number; order: 'asc' | 'desc'; after?: MessagePosition },
  ): Promise<PageOf<ListedMessage, MessagePosition>>;
}
