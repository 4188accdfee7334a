import type { AnswerEvent, ChatEvent } from '@parley/contract';
import type { EngineAnswerEvent, EngineChatEvent } from '@parley/turns';

type ShownChatEvent = Exclude<ChatEvent, { type: 'message-accepted' | 'chat-snapshot' }>;

/*
 * The one place between the engine, whose events have all parts of an answer, and everything that leaves the server. Only text
 * is shown.
 */

/** The event of an answer as callers see it; undefined if they see nothing of it. */
export function showAnswerEvent(event: EngineAnswerEvent): AnswerEvent | undefined {
  switch (event.type) {
    case 'start':
    case 'status':
    case 'end':
      return event;
    case 'text-start':
    case 'text-end':
      return { type: event.type };
    case 'text-delta':
    case 'snapshot':
      return { type: event.type, text: event.text };
    default:
      return undefined;
  }
}

/** The event of a chat as callers see it; undefined if they see nothing of it. */
export function showChatEvent(
  event: Exclude<EngineChatEvent, { type: 'message-accepted' | 'chat-snapshot' }>,
): ShownChatEvent | undefined {
  if (event.type === 'answer-part') return undefined;
  if (event.type !== 'answer-snapshot') return event;
  const { type, messageId, text } = event;
  return { type, messageId, text };
}
