import {
  type ChatEvent,
  followChatInputSchema,
  formatChatCursor,
  type Id,
  limits,
  parseChatCursor,
} from '@parley/contract';
import type { ChatAccess, ListedMessage, Stores } from '@parley/db';
import type { ChatReaderEvent, PlacedChatEvent, ReaderEvent } from '@parley/turns';
import { type TrackedEnvelope, tracked } from '@trpc/server';
import { toEnd } from '../message/follow-message.ts';
import { toMessage } from '../message/to-message.ts';
import { chatStreamProcedure } from '../procedures.ts';

/**
 * `chat.follow`: streams the events of a chat, from now on or after `lastEventId`. The running answer is streamed
 * from its start. Clients load the list of messages after `chat-followed`, and merge by id what is in both.
 */
export const followChat = chatStreamProcedure('chat', followChatInputSchema).subscription(
  async ({ ctx: { turns, stores, chat, stream }, input: { lastEventId } }) => {
    const from = lastEventId === undefined ? undefined : (parseChatCursor(lastEventId) ?? null);
    const events = turns.followChat(chat, from, stream.signal);
    return trackedEvents(events, async (event) => {
      if (event.type === 'deleted') await stream.confirm();
      return toChatEvent(stores, chat, event);
    });
  },
);

async function* trackedEvents(
  events: AsyncIterable<PlacedChatEvent>,
  toEvent: (event: ChatReaderEvent) => Promise<ChatEvent | undefined>,
): AsyncGenerator<TrackedEnvelope<ChatEvent>, void, undefined> {
  for await (const { cursor, event } of events) {
    const chatEvent = await toEvent(event);
    if (chatEvent) yield tracked(formatChatCursor(cursor), chatEvent);
  }
}

async function toChatEvent(
  stores: Pick<Stores, 'messages'>,
  chat: ChatAccess,
  event: ChatReaderEvent,
): Promise<ChatEvent | undefined> {
  switch (event.type) {
    case 'accepted': {
      const { userMessage, retryOf, answerId, status, answer } = event.turn;
      const userMessageId = userMessage?.id ?? retryOf?.userMessageId;
      if (!userMessageId) return undefined;
      const isAnswered = answer !== undefined;
      const message = userMessage && toMessage({ ...userMessage, status, answerId, isAnswered });
      return { type: 'message-accepted', ...(message && { message }), userMessageId, answerId };
    }
    case 'followed':
      return { type: 'chat-followed' };
    case 'answer':
      return toAnswerEvent(event.answerId, event.event);
    case 'snapshot': {
      const page = { limit: limits.chatEventsBehindMax, order: 'desc' } as const;
      const { items } = await stores.messages.list(chat, page);
      return {
        type: 'chat-snapshot',
        messages: newestWithin(items, limits.chatSnapshotBytesMax).map(toMessage),
      };
    }
    case 'deleted':
      return { type: 'chat-deleted' };
  }
}

/**
 * Returns the newest messages whose texts fit the maximum, at least one, oldest first. A larger event would be kept
 * in memory for each reader that does not read.
 */
function newestWithin(items: readonly ListedMessage[], bytesMax: number): ListedMessage[] {
  let bytes = 0;
  const isBeyond = ({ content }: ListedMessage) => {
    bytes += Buffer.byteLength(content);
    return bytes > bytesMax;
  };
  const first = items.findIndex(isBeyond);
  return items.slice(0, first === -1 ? items.length : Math.max(first, 1)).reverse();
}

/** Converts an event of an answer. Events of a chat do not say where a part of an answer begins or ends. */
function toAnswerEvent(messageId: Id<'message'>, event: ReaderEvent): ChatEvent | undefined {
  switch (event.type) {
    case 'start':
      return { type: 'answer-started', messageId };
    case 'text-delta':
      return { type: 'answer-delta', messageId, text: event.text };
    case 'snapshot':
      return { type: 'answer-snapshot', messageId, text: event.text };
    case 'end':
      return { type: 'answer-ended', messageId, ...toEnd(event.outcome) };
    case 'text-start':
    case 'text-end':
    case 'status':
      return undefined;
  }
}
