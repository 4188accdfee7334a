import { failedAnswer } from '@parley/api';
import type { AnswerEvent, ApiError } from '@parley/contract';

/*
 * The AI SDK UI message stream, protocol version 1: https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol. Parley's own
 * data is in `data-*` parts, which clients do not store.
 */

/** The id of a part of text or reasoning, which is unique within the answer: its number. */
function toId(part = 0): string {
  return String(part);
}

/** One event of an AI SDK UI message stream, as JSON. */
export type UiMessagePart = { readonly type: string } & Readonly<Record<string, unknown>>;

/** The header by which AI SDK clients recognize the stream and its version. */
export const UI_MESSAGE_STREAM_HEADERS = { 'x-vercel-ai-ui-message-stream': 'v1' };

/** The data of the last event of every stream. */
export const UI_MESSAGE_STREAM_DONE = '[DONE]';

/** Converts an event of an answer to parts of the stream. */
export function toUiMessageParts(event: AnswerEvent, chatId: string, messageId: string): UiMessagePart[] {
  switch (event.type) {
    case 'start': {
      const { userMessageId } = event;
      return [{ type: 'start', messageId, messageMetadata: { chatId, userMessageId } }];
    }
    case 'text-start':
    case 'text-end':
    case 'reasoning-start':
    case 'reasoning-end':
      return [{ type: event.type, id: toId(event.part) }];
    case 'text-delta':
    case 'reasoning-delta':
      return [{ type: event.type, id: toId(event.part), delta: event.text }];
    case 'tool-input-available': {
      const { title = event.toolName } = event;
      const status = { type: 'data-status', data: { status: 'calling_tool', title }, transient: true };
      return [status, { ...event, dynamic: true }];
    }
    case 'source-url':
      return [event];
    case 'tool-output-available':
    case 'tool-output-error':
      return [{ ...event, dynamic: true }];
    case 'snapshot': {
      const { text, parts } = event;
      return [{ type: 'data-snapshot', data: { text, parts }, transient: true }];
    }
    case 'status': {
      const { type: _, ...data } = event;
      return [{ type: 'data-status', data, transient: true }];
    }
    case 'end':
      return toEndParts(event, messageId);
  }
}

/** Returns the parts that begin the text of an answer. */
export function toFirstText(text: string): UiMessagePart[] {
  const start = { type: 'text-start', id: toId() };
  return text === '' ? [start] : [start, { type: 'text-delta', id: toId(), delta: text }];
}

/** Returns the parts for an error: the stream ended early, or the answer failed. */
export function toErrorParts(apiError: ApiError, messageId: string): UiMessagePart[] {
  const { code, message } = apiError;
  return [
    { type: 'data-refusal', data: { code, message, messageId }, transient: true },
    { type: 'error', errorText: message },
  ];
}

function toEndParts(event: Extract<AnswerEvent, { type: 'end' }>, messageId: string) {
  const { status, createdAt, finishReason, retryAt, errorCode = 'model_failed' } = event;
  if (status === 'failed') {
    const failure = { messageId, retryAt: retryAt === undefined ? undefined : new Date(retryAt) };
    return toErrorParts(failedAnswer(errorCode, failure), messageId);
  }
  if (status === 'stopped') return [{ type: 'abort' }];
  return [{ type: 'finish', messageMetadata: { status, finishReason, createdAt } }];
}
