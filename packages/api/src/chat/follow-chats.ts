import { type ChatListEvent, followChatsInputSchema } from '@parley/contract';
import type { EngineListEvent } from '@parley/turns';
import { tracked } from '@trpc/server';
import { streamProcedure } from '../procedures.ts';
import { toChat } from './to-chat.ts';

/** A cursor is the database's time in milliseconds. */
const CURSOR = /^\d{1,15}$/;

/**
 * `chat.followAll`: streams the changes in the caller's list of chats, from now on or after `lastEventId`. Clients load the list
 * after `list-followed`, and put the chats of later events into it.
 */
export const followChats = streamProcedure('chat')
  .input(followChatsInputSchema)
  .subscription(({ ctx: { turns, scope, stream }, input: { lastEventId } }) => {
    const events = turns.followList(scope, fromCursor(lastEventId), stream.signal);
    return stream.guard(events, ({ cursor, event }) => tracked(String(cursor.getTime()), toListEvent(event)));
  });

function fromCursor(lastEventId: string | undefined): Date | null | undefined {
  if (lastEventId === undefined) return undefined;
  return CURSOR.test(lastEventId) ? new Date(Number(lastEventId)) : null;
}

function toListEvent(event: EngineListEvent): ChatListEvent {
  return event.type === 'list-chat' ? { type: 'list-chat', chat: toChat(event.chat) } : event;
}
