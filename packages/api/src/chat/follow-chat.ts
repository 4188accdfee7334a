import {
  type ChatEvent,
  followChatInputSchema,
  formatChatCursor,
  limits,
  parseChatCursor,
} from '@parley/contract';
import type { ChatAccess, ListedMessage, Stores } from '@parley/db';
import type { EngineChatEvent } from '@parley/turns';
import { tracked } from '@trpc/server';
import { withFeedback } from '../message/own-feedback.ts';
import { readShowSettings, showChatEvent } from '../message/show-answer.ts';
import { toMessage } from '../message/to-message.ts';
import { chatStreamProcedure } from '../procedures.ts';

/**
 * `chat.follow`: streams the events of a chat, from now on or after `lastEventId`. The running answer is streamed
 * from its start. Clients load the list of messages after `chat-followed`, and merge by id what is in both.
 */
export const followChat = chatStreamProcedure('chat', followChatInputSchema).subscription(
  async ({ ctx: { turns, stores, chat, stream }, input: { lastEventId, parts = false } }) => {
    const from = lastEventId === undefined ? undefined : (parseChatCursor(lastEventId) ?? null);
    const events = turns.followChat(chat, from, stream.signal);
    return stream.guard(events, async ({ cursor, event }) => {
      if (event.type === 'chat-deleted') await stream.confirm();
      const chatEvent = await toChatEvent(stores, chat, event, parts);
      return chatEvent && tracked(formatChatCursor(cursor), chatEvent);
    });
  },
);

/** An event as callers see it: the messages that it shows are read here. `withParts`: the caller asked for parts. */
export async function toChatEvent(
  stores: Pick<Stores, 'messages' | 'agents' | 'feedback' | 'chats'>,
  chat: ChatAccess,
  event: EngineChatEvent,
  withParts: boolean,
): Promise<ChatEvent | undefined> {
  switch (event.type) {
    case 'message-accepted': {
      const { userMessage, retryOf, answerId, status, answer } = event.turn;
      const userMessageId = userMessage?.id ?? retryOf?.userMessageId;
      if (!userMessageId) return undefined;
      const isAnswered = answer !== undefined;
      const message = userMessage && toMessage({ ...userMessage, status, answerId, isAnswered });
      return { type: 'message-accepted', ...(message && { message }), userMessageId, answerId };
    }
    case 'chat-snapshot': {
      const page = { limit: limits.chatEventsBehindMax, order: 'desc' } as const;
      // The chat may have got versions or its first feedback since the stream was opened.
      const current = (await stores.chats.find(chat.scope, chat.chat.id)) ?? chat;
      const { items } = await stores.messages.list(current, page);
      const newest = newestWithin(items, limits.chatSnapshotBytesMax);
      const settings = await readShowSettings(stores, chat);
      const rated = await withFeedback(stores.feedback, current, newest);
      return {
        type: 'chat-snapshot',
        messages: rated.map(({ message, feedback }) => toMessage(message, feedback, settings)),
      };
    }
    default:
      return showChatEvent(event, withParts, () => readShowSettings(stores, chat));
  }
}

/**
 * Returns the newest messages whose texts fit the maximum, at least one, oldest first. A larger event would be kept
 * in memory for each reader that does not read.
 */
function newestWithin(items: readonly ListedMessage[], bytesMax: number): ListedMessage[] {
  let bytes = 0;
  const isBeyond = ({ content, tape = content }: ListedMessage) => {
    bytes += Buffer.byteLength(tape);
    return bytes > bytesMax;
  };
  const first = items.findIndex(isBeyond);
  return items.slice(0, first === -1 ? items.length : Math.max(first, 1)).reverse();
}
