import {
  type ChatEvent,
  type ChatListEvent,
  followChatsInputSchema,
  formatChatCursor,
  parseChatCursor,
} from '@parley/contract';
import type { ChatEventWithCursor, EngineListEvent, ListEventWithCursor } from '@parley/turns';
import { tracked } from '@trpc/server';
import { streamProcedure } from '../procedures.ts';
import { mergeEvents } from '../streams/merge-events.ts';
import { findChat } from './find-chat.ts';
import { toChatEvent } from './follow-chat.ts';
import { toChat } from './to-chat.ts';

/**
 * The id of an event: the place in the list, which is the database's time in milliseconds, and behind a tilde the place in the
 * chat. Either may be missing.
 */
const CURSOR = /^(\d{1,15})?(?:~(.{1,200}))?$/;

/**
 * `chat.followAll`: streams the changes in the caller's list of chats, from now on or after `lastEventId`. Clients load the list
 * after `list-followed`, and put the chats of later events into it. With `chatId` the same stream also has the events of
 * `chat.follow`, so that a page needs one stream.
 */
export const followChats = streamProcedure('chat')
  .input(followChatsInputSchema)
  .subscription(
    async ({ ctx: { turns, stores, scope, stream }, input: { chatId, lastEventId, parts = false } }) => {
      const from = fromCursor(lastEventId);
      if (chatId === undefined) {
        const events = turns.followList(scope, from.list, stream.signal);
        return stream.guard(events, ({ cursor, event }) =>
          tracked<ChatListEvent | ChatEvent>(toCursor({ list: cursor }), toListEvent(event)),
        );
      }
      const chat = await findChat(stores.chats.find, scope, chatId);
      const events = mergeEvents(
        (signal) => [turns.followList(scope, from.list, signal), turns.followChat(chat, from.chat, signal)],
        stream.signal,
      );
      const place: Place = {};
      return stream.guard(events, async (received) => {
        if (isOfList(received)) {
          place.list = received.cursor;
          return tracked<ChatListEvent | ChatEvent>(toCursor(place), toListEvent(received.event));
        }
        if (received.event.type === 'chat-deleted') await stream.confirm();
        place.chat = received.cursor;
        const event = await toChatEvent(stores, chat, received.event, parts);
        return event && tracked<ChatListEvent | ChatEvent>(toCursor(place), event);
      });
    },
  );

/** The newest events that a reader has received. */
interface Place {
  list?: Date;
  chat?: ChatEventWithCursor['cursor'];
}

function isOfList(received: ListEventWithCursor | ChatEventWithCursor): received is ListEventWithCursor {
  return received.cursor instanceof Date;
}

function toCursor({ list, chat }: Place): string {
  return `${list?.getTime() ?? ''}${chat ? `~${formatChatCursor(chat)}` : ''}`;
}

/** The place of each part: undefined if the reader has none, null if no server issued it. */
function fromCursor(lastEventId: string | undefined) {
  if (lastEventId === undefined) return { list: undefined, chat: undefined };
  const found = CURSOR.exec(lastEventId);
  if (!found || lastEventId === '') return { list: null, chat: null };
  const [, list, chat] = found;
  return {
    list: list === undefined ? undefined : new Date(Number(list)),
    chat: chat === undefined ? undefined : (parseChatCursor(chat) ?? null),
  };
}

function toListEvent(event: EngineListEvent): ChatListEvent {
  return event.type === 'list-chat' ? { type: 'list-chat', chat: toChat(event.chat) } : event;
}
