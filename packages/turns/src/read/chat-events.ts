import type { AnswerEvent, ChatCursor, ChatEvent, Id } from '@parley/contract';
import type { TurnRecord } from '@parley/db';

/** The events whose messages are read and shown by the API: the engine knows no form of messages for callers. */
type MessageEvent =
  | { readonly type: 'message-accepted'; readonly turn: TurnRecord }
  /** The follower is too far behind for single events, and gets the newest messages instead. */
  | { readonly type: 'chat-snapshot' };

/** An event of a chat: that of the contract, but for those that show messages. */
export type EngineChatEvent = Exclude<ChatEvent, { type: MessageEvent['type'] }> | MessageEvent;

/** An event of a chat, and the cursor after which a follower that received it continues. */
export interface ChatEventWithCursor {
  readonly cursor: ChatCursor;
  readonly event: EngineChatEvent;
}

/** The event of a chat for an event of an answer; undefined for those that a chat's stream leaves out. */
export function toChatEvent(messageId: Id<'message'>, event: AnswerEvent): EngineChatEvent | undefined {
  switch (event.type) {
    case 'start':
      return { type: 'answer-started', messageId };
    case 'text-delta':
      return { type: 'answer-delta', messageId, text: event.text };
    case 'snapshot':
      return { type: 'answer-snapshot', messageId, text: event.text };
    case 'end': {
      const { type: _, ...end } = event;
      return { type: 'answer-ended', messageId, ...end };
    }
    case 'text-start':
    case 'text-end':
    case 'status':
      return undefined;
  }
}
