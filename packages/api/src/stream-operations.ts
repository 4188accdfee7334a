import { type ErrorCode, limits } from '@parley/contract';

/** An operation that answers with server-sent events, which no procedure's schema can describe. */
export interface StreamOperation {
  readonly operationId: 'streamMessage' | 'streamChat' | 'followChat';
  /** The procedure whose events it answers with, and whose policy holds. */
  readonly procedure: 'message.follow' | 'chat.follow';
  /** As OpenAPI writes it. */
  readonly path: string;
  readonly tag: 'Chats' | 'Messages';
  readonly summary: string;
  readonly description: string;
  readonly errors: readonly ErrorCode[];
  /** Whether it may have nothing to stream. */
  readonly canBeEmpty: boolean;
  /** The format of its events. */
  readonly events: 'ui-message-stream' | 'chat-events';
}

/** The description of the AI SDK stream in the OpenAPI document. */
export const uiMessageStream =
  'The AI SDK UI message stream, version 1: events with `start`, `text-start`, `text-delta`, `text-end`, and ' +
  '`finish`, `abort` (it was stopped) or `error` at the end, then `[DONE]`. Each event has an id to go on ' +
  'after. `data-snapshot` replaces all text that was shown; `data-refusal` holds the code of an `error`. ' +
  '`data-status` says that the answer waits (`waiting_for_model`) because the server of the model asks for it, and until ' +
  'when (`retryAt`). ' +
  `A comment at least every ${limits.heartbeatMs / 1_000} seconds shows that it lives.`;

/** All REST operations that answer with events. Routes and the OpenAPI document are derived from this list. */
export const streamOperations: readonly StreamOperation[] = [
  {
    operationId: 'streamMessage',
    procedure: 'message.follow',
    path: '/chat/{chatId}/message/{messageId}/stream',
    tag: 'Messages',
    summary: 'Stream an answer',
    description:
      'An answer as it is written, or as it ended; from its start, or exactly from after `Last-Event-ID` on, on ' +
      'any server. An id that is unknown or of an earlier run is answered with one snapshot.',
    errors: ['message_not_found', 'chat_not_found', 'draining', 'too_many_streams'],
    canBeEmpty: false,
    events: 'ui-message-stream',
  },
  {
    operationId: 'streamChat',
    procedure: 'message.follow',
    path: '/chat/{chatId}/stream',
    tag: 'Chats',
    summary: "Stream a chat's running answer",
    description:
      'The answer that is being written in a chat, or is next to be, from its start: what AI SDK clients ask for ' +
      'when a page is loaded again.',
    errors: ['chat_not_found', 'draining', 'too_many_streams'],
    canBeEmpty: true,
    events: 'ui-message-stream',
  },
  {
    operationId: 'followChat',
    procedure: 'chat.follow',
    path: '/chat/{chatId}/events',
    tag: 'Chats',
    summary: 'Follow a chat',
    description:
      'What happens in a chat from now on, or from after `Last-Event-ID` on: for every tab and device that has ' +
      'it open. What is being answered is told from its start.',
    errors: ['chat_not_found', 'draining', 'too_many_streams'],
    canBeEmpty: false,
    events: 'chat-events',
  },
];
