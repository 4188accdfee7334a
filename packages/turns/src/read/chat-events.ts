import type { AnswerEvent, ChatCursor, ChatEvent, Id } from '@parley/contract';
import type { TurnRecord } from '@parley/db';

/** The events of `ChatEvent` that contain messages. The API reads and formats those messages. */
type MessageEvent =
  | { readonly type: 'message-accepted'; readonly turn: TurnRecord }
  /** The follower is too far behind for single events, and gets the newest messages instead. */
  | { readonly type: 'chat-snapshot' };

/** An event of a chat: as in the contract, except for the events that contain messages. */
export type EngineChatEvent = Exclude<ChatEvent, { type: MessageEvent['type'] }> | MessageEvent;

/** An event of a chat, and the cursor after which a follower that received it continues. */
export interface ChatEventWithCursor {
  readonly cursor: ChatCursor;
  readonly event: EngineChatEvent;
}

/** Converts an event of an answer to an event of its chat; undefined if a chat's stream has no such event. */
export function toEngineChatEvent(messageId: Id<'message'>, event: AnswerEvent): EngineChatEvent | undefined {
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
    case 'status':
      if (event.status !== 'waiting_for_model') return undefined;
      return { type: 'answer-delta', messageId, text: '', retryAt: event.retryAt };
    case 'text-start':
    case 'text-end':
      return undefined;
  }
}
