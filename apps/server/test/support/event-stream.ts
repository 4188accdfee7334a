import type { ErrorEnvelope } from '@parley/contract';
import { createParser, type EventSourceParser } from 'eventsource-parser';
import { checkRestAnswer, checkStreamHead } from './answer-check.ts';
import type { RestRequest } from './client.ts';

/** One server-sent event as it was received. */
export interface StreamEvent {
  readonly id: string | undefined;
  /** Its name. Parley's events have none. */
  readonly event: string | undefined;
  readonly data: string;
}

/** An event stream that a test reads at its own pace, or the error that was returned instead. */
export interface OpenStream {
  readonly status: number;
  readonly headers: Headers;
  /** Defined if no stream was returned; undefined for 204. */
  readonly apiError: ErrorEnvelope | undefined;
  /** The comments so far. */
  readonly comments: readonly string[];
  /** The next event; undefined at the end. A connection that breaks throws. */
  next(): Promise<StreamEvent | undefined>;
  /** All events up to and including the first that matches. */
  until(accepts: (event: StreamEvent) => boolean): Promise<StreamEvent[]>;
  /** This number of events. */
  take(count: number): Promise<StreamEvent[]>;
  /** All remaining events. */
  rest(): Promise<StreamEvent[]>;
  /** Resolves with the next comment. */
  nextComment(): Promise<string>;
  /** Disconnects. */
  close(): void;
}

/**
 * Opens a stream like any HTTP client and checks its head against the OpenAPI document. An error is checked as a
 * whole.
 */
export async function openStream(
  baseUrl: string,
  method: string,
  path: string,
  request: Omit<RestRequest, 'rawBody' | 'signal'> = {},
): Promise<OpenStream> {
  const query = request.query ? `?${new URLSearchParams(request.query)}` : '';
  const target = `${path}${query}`;
  const client = new AbortController();
  const response = await fetch(`${baseUrl}${target}`, {
    method,
    headers: {
      ...(request.key !== undefined && { 'x-api-key': request.key }),
      ...(request.body !== undefined && { 'content-type': 'application/json' }),
      ...(method !== 'GET' && { accept: 'text/event-stream' }),
      ...request.headers,
    },
    ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
    signal: client.signal,
  });
  const { status, headers, body } = response;
  const isStream = headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (!isStream || !body) {
    const text = await response.text();
    if (!path.startsWith('/trpc/')) checkRestAnswer({ method, target, status, headers, text });
    return new StreamReader(status, headers, emptyBody(), client, apiErrorIn(text));
  }
  if (!path.startsWith('/trpc/')) checkStreamHead({ method, target, status, headers, text: '' });
  return new StreamReader(status, headers, body, client, undefined);
}

class StreamReader implements OpenStream {
  readonly comments: string[] = [];
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #ready: StreamEvent[] = [];
  readonly #parser = parseEvents(
    (event) => this.#ready.push(event),
    (comment) => {
      this.comments.push(comment);
      for (const resolve of this.#waiting.splice(0)) resolve(comment);
    },
  );
  readonly #waiting: ((comment: string) => void)[] = [];
  readonly #client: AbortController;
  readonly status: number;
  readonly headers: Headers;
  readonly apiError: ErrorEnvelope | undefined;

  constructor(
    status: number,
    headers: Headers,
    body: ReadableStream<Uint8Array>,
    client: AbortController,
    apiError: ErrorEnvelope | undefined,
  ) {
    this.status = status;
    this.headers = headers;
    this.apiError = apiError;
    this.#client = client;
    // A stream is always UTF-8, and invalid bytes must not pass as a character.
    const decoder = new TextDecoderStream('utf-8', { fatal: true });
    this.#reader = body.pipeThrough(decoder as ReadableWritablePair<string, Uint8Array>).getReader();
  }

  async next(): Promise<StreamEvent | undefined> {
    for (;;) {
      const event = this.#ready.shift();
      if (event) return event;
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#parser.feed(value);
    }
  }

  async until(accepts: (event: StreamEvent) => boolean): Promise<StreamEvent[]> {
    const events: StreamEvent[] = [];
    for (;;) {
      const event = await this.next();
      if (!event) throw new Error(`the stream ended before that; it held ${JSON.stringify(events)}`);
      events.push(event);
      if (accepts(event)) return events;
    }
  }

  async take(count: number): Promise<StreamEvent[]> {
    let left = count;
    return count === 0 ? [] : await this.until(() => --left === 0);
  }

  async rest(): Promise<StreamEvent[]> {
    const events: StreamEvent[] = [];
    for (let event = await this.next(); event; event = await this.next()) events.push(event);
    return events;
  }

  async nextComment(): Promise<string> {
    const comment = new Promise<string>((resolve) => this.#waiting.push(resolve));
    const { done, value } = await this.#reader.read();
    if (done) throw new Error('the stream ended before a comment came');
    this.#parser.feed(value);
    return await comment;
  }

  close(): void {
    this.#client.abort();
  }
}

/** The code with which the server ended a stream; undefined if it reached its own end. */
export function errorCodeOf(events: readonly StreamEvent[]): string | undefined {
  for (const { event, data } of events) {
    if (data === '[DONE]' || data === '') continue;
    const body = JSON.parse(data) as { type?: string; code?: string; data?: Record<string, unknown> };
    if (event === 'serialized-error') return (body.data as { apiError: { code: string } }).apiError.code;
    if (body.type === 'data-refusal') return String(body.data?.['code']);
    if (body.type === 'error' && body.code) return body.code;
  }
  return undefined;
}

/** Parses server-sent events. A field that the standard does not define fails the test. */
export function parseEvents(
  onEvent: (event: StreamEvent) => void,
  onComment?: (comment: string) => void,
): EventSourceParser {
  return createParser({
    onEvent: ({ id, event, data }) => onEvent({ id, event, data }),
    ...(onComment && { onComment }),
    onError(error) {
      throw error;
    },
  });
}

function apiErrorIn(text: string): ErrorEnvelope | undefined {
  if (text === '') return undefined;
  const body = JSON.parse(text) as ErrorEnvelope | { error: { data: { apiError: ErrorEnvelope } } };
  return typeof body.error === 'object' ? body.error.data.apiError : (body as ErrorEnvelope);
}

function emptyBody(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}
