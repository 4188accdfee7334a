import {
  apiErrorOf,
  findRunningAnswer,
  type RestOperation,
  replayedHeader,
  type StreamOperation,
  streamOperations,
} from '@parley/api';
import {
  type AnswerEvent,
  ApiError,
  type ChatEvent,
  type ChatListEvent,
  compact,
  type StreamError,
} from '@parley/contract';
import { TRPCError, type TrackedEnvelope } from '@trpc/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createCaller, rejecting } from './direct-call.ts';
import { type StreamFormat, sendEvents, sentEvent } from './event-stream.ts';
import { rejectBrokenEscapes, rejectUnknownQuery } from './reject-query.ts';
import { disconnectSignal } from './request-context.ts';
import { toRoutePath } from './route-path.ts';
import {
  toErrorParts,
  toFirstText,
  toUiMessageParts,
  UI_MESSAGE_STREAM_DONE,
  UI_MESSAGE_STREAM_HEADERS,
  type UiMessagePart,
} from './ui-message-stream.ts';

/** An event that a directly called procedure yields. tRPC declares the type that its client receives instead. */
type Tracked<Event> = TrackedEnvelope<Event>;

/** Adds the REST paths that answer with events. They read the subscriptions of the router. */
export async function streamRoutes(app: FastifyInstance): Promise<void> {
  for (const { operationId, path, procedure, query = {} } of streamOperations) {
    const config = { gate: { procedures: [procedure] } };
    app.get(toRoutePath(path), { config }, (request, reply) => {
      rejectBrokenEscapes(request.url);
      rejectUnknownQuery(request.query as Record<string, unknown>, ['lastEventId', ...Object.keys(query)]);
      return serve[operationId](request, reply);
    });
  }
}

const serve: Readonly<
  Record<
    StreamOperation['operationId'],
    (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>
  >
> = {
  async streamMessage(request, reply) {
    const { chatId = '', messageId = '' } = request.params as Record<string, string>;
    return streamAnswer(request, reply, { chatId, messageId, lastEventId: lastEventIdOf(request) });
  },

  async streamChat(request, reply) {
    const { chatId = '' } = request.params as Record<string, string>;
    const lastEventId = lastEventIdOf(request);
    const messageId = await findRunningAnswer(request.context, chatId);
    if (messageId === undefined) return reply.code(204).send();
    return streamAnswer(request, reply, { chatId, messageId, lastEventId });
  },

  async followChat(request, reply) {
    const { chatId = '' } = request.params as Record<string, string>;
    const lastEventId = lastEventIdOf(request);
    const signal = disconnectSignal(reply);
    const caller = createCaller(request.context, { signal });
    const { parts } = request.query as { parts?: 'true' | 'false' };
    const events = await rejecting(() => caller.chat.follow(compact({ chatId, parts, lastEventId })));
    const tracked = events as AsyncIterable<unknown> as AsyncIterable<Tracked<ChatEvent>>;
    return sendEvents(reply, {}, tracked, eventFormat(request));
  },

  async followChats(request, reply) {
    const lastEventId = lastEventIdOf(request);
    const { chatId, parts } = request.query as { chatId?: string; parts?: 'true' | 'false' };
    const caller = createCaller(request.context, { signal: disconnectSignal(reply) });
    const events = await rejecting(() => caller.chat.followAll(compact({ chatId, parts, lastEventId })));
    const tracked = events as AsyncIterable<unknown> as AsyncIterable<Tracked<ChatEvent | ChatListEvent>>;
    return sendEvents(reply, {}, tracked, eventFormat(request));
  },
};

/** Calls a procedure that begins an answer, and streams the answer instead of waiting for it. */
export async function streamNewAnswer(
  { procedure }: RestOperation,
  request: FastifyRequest,
  reply: FastifyReply,
  body: unknown,
): Promise<FastifyReply> {
  const caller = createCaller(request.context).message;
  const begin = procedure === 'message.retry' ? caller.retry : caller.create;
  // The procedure validates its input, whose type is not known here.
  const input = { ...(body as object), ...(request.params as object), wait: false } as never;
  // If there is no place for the stream, the message is rejected before anything is stored.
  const stream = await request.context.request.openStream('answer');
  const { chatId = '' } = request.params as Record<string, string>;
  let messageId: string;
  try {
    ({ id: messageId } = await rejecting(() => begin(input)));
  } catch (error) {
    const failed = error instanceof ApiError ? error.facts.messageId : undefined;
    // A repeated request whose turn has failed gets the same answer as the first: a stream.
    if (failed === undefined || !reply.hasHeader(replayedHeader.name)) {
      stream.close();
      throw error;
    }
    messageId = failed;
  }
  return streamAccepted(request, reply, { chatId, messageId, lastEventId: undefined });
}

/** Streams an accepted answer. The message is stored, so an error has the id of the answer. */
async function streamAccepted(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Parameters<typeof streamAnswer>[2],
): Promise<FastifyReply> {
  try {
    return await streamAnswer(request, reply, answer);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status < 500) throw error;
    throw new ApiError(error.code, { ...error.facts, messageId: answer.messageId, cause: error });
  }
}

/** Returns whether a request accepts events (RFC 9110, section 12.5.1). A weight of 0 means it does not. */
export function wantsEvents({ headers: { accept = '' } }: FastifyRequest): boolean {
  return accept
    .toLowerCase()
    .split(',')
    .map((range) => range.split(';').map((part) => part.trim()))
    .some(
      ([type, ...parameters]) =>
        type === 'text/event-stream' && !parameters.some((one) => /^q=0(\.0*)?$/.test(one)),
    );
}

async function streamAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: { chatId: string; messageId: string; lastEventId: string | undefined },
): Promise<FastifyReply> {
  const { chatId, messageId, lastEventId } = answer;
  const caller = createCaller(request.context, { signal: disconnectSignal(reply) });
  const input = { chatId, messageId, ...(lastEventId !== undefined && { lastEventId }) };
  const events = await rejecting(() => caller.message.follow(input));
  const tracked = events as AsyncIterable<unknown> as AsyncIterable<Tracked<AnswerEvent>>;
  return sendEvents(reply, UI_MESSAGE_STREAM_HEADERS, tracked, answerFormat(request, chatId, messageId));
}

/** Writes the events of an answer as a UI message stream. */
function answerFormat(
  request: FastifyRequest,
  chatId: string,
  messageId: string,
): StreamFormat<Tracked<AnswerEvent>> {
  let hasStarted = false;
  let hasContent = false;
  return {
    write([id, event]) {
      if (event.type === 'status') return writeParts(toUiMessageParts(event, chatId, messageId), id);
      const isRestarted = event.type === 'snapshot' && hasStarted;
      // A stream cannot remove text that it has sent, so its client has to start again.
      if (isRestarted && hasContent) throw new ApiError('answer_restarted', { messageId });
      hasContent ||= event.type !== 'start';
      hasStarted = true;
      // Another run has begun, and nothing of the first one was sent: it had only parts that are hidden.
      const parts = isRestarted ? toFirstText(event.text) : toUiMessageParts(event, chatId, messageId);
      return writeParts(parts, id);
    },
    writeError: (error) => writeParts(toErrorParts(apiErrorOfStream(request, error), messageId)),
    end: sentEvent(UI_MESSAGE_STREAM_DONE),
  };
}

/** Writes each event as JSON, and the error that ends the stream. */
function eventFormat(request: FastifyRequest): StreamFormat<Tracked<ChatEvent | ChatListEvent>> {
  return {
    write: ([id, event]) => sentEvent(JSON.stringify(event), id),
    writeError(error) {
      const { code, message, retryAfterSeconds } = apiErrorOfStream(request, error);
      const streamError: StreamError = {
        type: 'error',
        code,
        message,
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      };
      // The event has no id, so a client that reconnects continues after the last event with content.
      return sentEvent(JSON.stringify(streamError));
    },
    end: '',
  };
}

/** The last part of an event has its id, so a client that received only some parts gets all of them again. */
function writeParts(parts: readonly UiMessagePart[], id?: string): string {
  let text = '';
  for (const [index, part] of parts.entries()) {
    text += sentEvent(JSON.stringify(part), index === parts.length - 1 ? id : undefined);
  }
  return text;
}

/** Returns the error that ended a stream, and keeps it for the log: the status was sent before. */
function apiErrorOfStream(request: FastifyRequest, error: unknown): ApiError {
  const apiError = toApiError(error);
  request.apiError = apiError;
  return apiError;
}

function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return error instanceof TRPCError ? apiErrorOf(error) : new ApiError('internal_error', { cause: error });
}

/** The header has precedence, because a client that reconnects by itself sends the newer id there. */
function lastEventIdOf({ headers, query }: FastifyRequest): string | undefined {
  const header = headers['last-event-id'];
  const { lastEventId } = query as Record<string, string | undefined>;
  return [header].flat()[0] ?? lastEventId;
}
