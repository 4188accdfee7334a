import { type ErrorCode, limits } from '@parley/contract';

/** An operation that answers with server-sent events, which no procedure's schema can describe. */
export interface StreamOperation {
  readonly operationId: 'streamMessage' | 'streamChat' | 'followChat' | 'followChats';
  /** The procedure whose events it answers with, and whose policy holds. */
  readonly procedure: 'message.follow' | 'chat.follow' | 'chat.followAll';
  /** As OpenAPI writes it. */
  readonly path: string;
  readonly tag: 'Chats' | 'Messages';
  readonly summary: string;
  readonly description: string;
  readonly errors: readonly ErrorCode[];
  /** Its query parameters beside `lastEventId`, with their descriptions. All are optional. */
  readonly query?: Readonly<Record<string, string>>;
  /** Whether it may have nothing to stream. */
  readonly canBeEmpty: boolean;
  /** The format of its events. */
  readonly events: 'ui-message-stream' | 'chat-events' | 'list-events';
}

/** The description of the AI SDK stream in the OpenAPI document. */
export const uiMessageStream =
  'The AI SDK UI message stream, version 1: events with `start`, `text-start`, `text-delta`, `text-end`, ' +
  '`reasoning-start`, `reasoning-delta`, `reasoning-end`, `tool-input-available`, `tool-output-available`, ' +
  '`tool-output-error`, as far as the agent shows them, at the end `finish`, `abort` (the answer was stopped) or `error`, and then `[DONE]`. The id of each event is the cursor to ' +
  'continue after. `data-snapshot` replaces all text that was received; `data-refusal` has the code of an `error`. ' +
  '`data-status` says why nothing comes: the message is `queued`, with the number of messages of its chat that are ' +
  "answered first (`position`, 0 while it waits for a free place), or the model's server makes the answer wait " +
  '(`waiting_for_model`), and until when (`retryAt`). `generating` follows `queued` when the answer has begun and has no ' +
  'text yet. `calling_tool` comes before a tool call, with its `title`. ' +
  `While the stream is silent, a comment is sent at least every ${limits.heartbeatMs / 1_000} seconds.`;

const PARTS =
  '`true` adds the reasoning and the tool calls of answers, as far as the agent shows them, and the parts of snapshots.';

/** All REST operations that answer with events. Routes and the OpenAPI document are derived from this list. */
export const streamOperations: readonly StreamOperation[] = [
  {
    operationId: 'streamMessage',
    procedure: 'message.follow',
    path: '/chat/{chatId}/message/{messageId}/stream',
    tag: 'Messages',
    summary: 'Stream an answer',
    description:
      'Streams an answer, while it is written or after it has ended. Without `Last-Event-ID` the stream begins at ' +
      'the start of the answer; with it, it continues exactly after that event, on any server. If the id is ' +
      'unknown or belongs to an earlier run, the stream begins with one snapshot.',
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
      'Streams the running answer of a chat, or the next one that waits, from its start. AI SDK clients request ' +
      'this when a page is reloaded.',
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
      'Streams the events of a chat from now on, or after `Last-Event-ID`, for every tab and device that shows ' +
      'it. The running answer is streamed from its start.',
    errors: ['chat_not_found', 'draining', 'too_many_streams'],
    query: { parts: PARTS },
    canBeEmpty: false,
    events: 'chat-events',
  },
  {
    operationId: 'followChats',
    procedure: 'chat.followAll',
    path: '/chat/events',
    tag: 'Chats',
    summary: 'Follow the list of chats',
    description:
      'Streams the changes in your list of chats from now on, or after `Last-Event-ID`: chats that are created, used, ' +
      'renamed or deleted. Each event tells the present state of a chat, usually within a second and at most three. With ' +
      '`chatId` the same stream also has the events of that chat, as `GET /chat/{chatId}/events` sends them. To continue ' +
      'with another chat, send the part of the last id before the `~`.',
    errors: ['chat_not_found', 'draining', 'too_many_streams'],
    query: { chatId: 'The chat whose events the stream also has.', parts: PARTS },
    canBeEmpty: false,
    events: 'list-events',
  },
];
