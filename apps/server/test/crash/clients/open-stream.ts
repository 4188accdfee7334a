import type { ClientRequest, ClientResult } from '../judge/history.ts';
import { AnswerStream } from './answer-stream.ts';
import { type Rejected, readApiError, resultOfApiError } from './api-errors.ts';
import { type Client, type ClientRequestOptions, request, type ServerAddress } from './client.ts';
import type { Knowledge, OutgoingMessage } from './send-message.ts';
import { readServerEvents } from './server-events.ts';

/**
 * Streams the answer to a message: sends the message, or, once the answer's id is known, resumes the stream after its
 * last event.
 */
export async function openStream(
  client: Client,
  server: ServerAddress,
  message: OutgoingMessage,
  resumeAt: Knowledge['resumeAt'],
): Promise<Knowledge> {
  const { path, ...options } = resumeAt ? resumption(message, resumeAt) : sending(message);
  const stream = new AnswerStream(resumeAt?.lastEventId);
  const from = Date.now();
  let knownAt: number | undefined;
  let isReplay = false;
  const apiError = await request(client, server.url + path, options, async (response, heard) => {
    if (response.status !== 200 || !response.body) return await readApiError(response);
    isReplay = response.headers.get('idempotent-replayed') === 'true';
    for await (const event of readServerEvents(response.body, heard)) {
      stream.take(event);
      knownAt ??= Date.now();
    }
    if (stream.end && !stream.isDone) stream.oddities.push('the stream ended without [DONE]');
    return undefined;
  });
  const to = Date.now();
  const messageId = stream.messageId ?? resumeAt?.messageId;
  return {
    request: {
      server: server.name,
      form: resumeAt ? 'follow' : 'stream',
      interval: { from, to },
      knownAt: knownAt ?? to,
      result: apiError ? resultOfApiError(apiError) : resultOf(stream, isReplay),
      ...(!apiError && { connection: stream.connection }),
      ...apiErrorOf(apiError, stream),
      oddities: stream.oddities,
    },
    isOver: apiError ? !apiError.isTransient : stream.end !== undefined && stream.end.status !== 'passing',
    ...(messageId !== undefined && { resumeAt: { messageId, lastEventId: stream.lastEventId } }),
  };
}

/** Opens the stream of an answer from its start, like another tab. */
export async function replayAnswer(
  client: Client,
  server: ServerAddress,
  message: OutgoingMessage,
  messageId: string,
): Promise<ClientRequest> {
  return (await openStream(client, server, message, { messageId, lastEventId: undefined })).request;
}

type StreamRequest = ClientRequestOptions & { readonly path: string };

function sending({ chat, content }: OutgoingMessage): StreamRequest {
  return {
    path: `/chat/${chat}/message`,
    method: 'POST',
    headers: { accept: 'text/event-stream', 'idempotency-key': content },
    body: { content, role: 'user' },
  };
}

function resumption(
  { chat }: OutgoingMessage,
  { messageId, lastEventId }: NonNullable<Knowledge['resumeAt']>,
): StreamRequest {
  return {
    path: `/chat/${chat}/message/${messageId}/stream`,
    method: 'GET',
    ...(lastEventId !== undefined && { headers: { 'last-event-id': lastEventId } }),
  };
}

/** The outcome of the message, from the stream. */
function resultOf({ messageId, userMessageId, end }: AnswerStream, isReplay: boolean): ClientResult {
  if (messageId === undefined || userMessageId === undefined) return { kind: 'unknown' };
  const accepted = { kind: 'accepted', answerId: messageId, userMessageId, isReplay } as const;
  switch (end?.status) {
    case 'completed':
    case 'stopped':
      return { ...accepted, end: { status: end.status } };
    case 'failed':
      return { ...accepted, end: { status: 'failed', ...(end.code && { errorCode: end.code }) } };
    default:
      return accepted;
  }
}

function apiErrorOf(apiError: Rejected | undefined, stream: AnswerStream): Pick<ClientRequest, 'apiError'> {
  if (apiError) return { apiError };
  const code = stream.end?.code;
  return code === undefined ? {} : { apiError: { status: 200, code } };
}
