import type { Message } from '@parley/contract';
import type { ChatAccess, MessagePosition, PageOf, Stores } from '@parley/db';
import { type LargeListContext, readLargeList } from '../large-list/read-large-list.ts';
import { type RatedMessage, withFeedback } from './own-feedback.ts';
import { readShowSettings, type ShowSettings } from './show-answer.ts';
import { toMessage } from './to-message.ts';

/** The chat whose messages are read, and the stores to read them from. */
export type MessagesContext = LargeListContext & {
  readonly stores: Pick<Stores, 'messages' | 'feedback' | 'agents'>;
  readonly chat: ChatAccess;
};

/** The range and order of the messages to read. */
export interface MessagesPage {
  readonly limit: number;
  readonly order: 'asc' | 'desc';
  readonly after?: MessagePosition | undefined;
  /** The sequence of the turn whose path is read. Default: the shown path. */
  readonly head?: number | undefined;
}

/**
 * Reads messages of a chat in their form in answers. The limits of a chat bound the answer, so it is never cut.
 *
 * @throws ApiError `overloaded` and `too_many_lists`, as `readLargeList` does
 */
export async function readMessages(
  context: MessagesContext,
  { limit, order, after, head }: MessagesPage,
): Promise<PageOf<Message, MessagePosition>> {
  const { stores, chat } = context;
  let settings: ShowSettings | undefined;
  return readLargeList(context, {
    async read(count, from): Promise<PageOf<RatedMessage, MessagePosition>> {
      const { items, ...rest } = await stores.messages.list(chat, {
        ...{ limit: count, order },
        ...(from !== undefined ? { after: from } : head !== undefined && { head }),
      });
      if (items.some(({ tape }) => tape !== undefined)) settings ??= await readShowSettings(stores, chat);
      return { items: await withFeedback(stores.feedback, chat, items), ...rest };
    },
    limit,
    after,
    toItem: ({ message, feedback }) => toMessage(message, feedback, settings),
  });
}
