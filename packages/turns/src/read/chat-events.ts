import type { ChatCursor, ChatEvent, Id, TapePart } from '@parley/contract';
import type { TurnRecord } from '@parley/db';
import type { EngineAnswerEvent } from './answer-events.ts';

/** The events of `ChatEvent` that contain messages. The API reads and formats those messages. */
type MessageEvent =
  | { readonly type: 'message-accepted'; readonly turn: TurnRecord }
  /** The follower is too far behind for single events, and gets the newest messages instead. */
  | { readonly type: 'chat-snapshot' };

/** An event of an answer that is not of its text. */
type PartEvent = Exclude<
  EngineAnswerEvent,
  { type: 'start' | 'status' | 'end' | 'snapshot' | 'text-start' | 'text-delta' | 'text-end' }
>;

/** The events of answers with all their parts. What callers may see of them is decided where they leave the server. */
type PartsEvent =
  | {
      readonly type: 'answer-snapshot';
      readonly messageId: Id<'message'>;
      readonly text: string;
      readonly parts?: readonly TapePart[];
    }
  | { readonly type: 'answer-part'; readonly messageId: Id<'message'>; readonly event: PartEvent };

/** An event of a chat: as in the contract, except for the events that contain messages or parts of answers. */
export type EngineChatEvent =
  | Exclude<ChatEvent, { type: (MessageEvent | PartsEvent)['type'] }>
  | MessageEvent
  | PartsEvent;

/** An event of a chat, and the cursor after which a follower that received it continues. */
export interface ChatEventWithCursor {
  readonly cursor: ChatCursor;
  readonly event: EngineChatEvent;
}

/** Converts an event of an answer to an event of its chat; undefined if a chat's stream has no such event. */
export function toEngineChatEvent(
  messageId: Id<'message'>,
  event: EngineAnswerEvent,
): EngineChatEvent | undefined {
  switch (event.type) {
    case 'start':
      return { type: 'answer-started', messageId };
    case 'text-delta':
      return { type: 'answer-delta', messageId, text: event.text };
    case 'snapshot': {
      const { text, parts } = event;
      return { type: 'answer-snapshot', messageId, text, ...(parts && { parts }) };
    }
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
    default:
      return { type: 'answer-part', messageId, event };
  }
}
