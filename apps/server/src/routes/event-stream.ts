import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { limits } from '@parley/contract';
import type { FastifyReply } from 'fastify';

/** How the events of a stream are written as server-sent events. */
export interface StreamFormat<Event> {
  /** Returns the text of one event. It may throw the error that ends the stream. */
  write(event: Event): string;
  /** Returns the text of the error that ended the stream early. */
  writeError(error: unknown): string;
  /** The text at the end of every stream. */
  readonly end: string;
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  // Proxies must neither store, compress nor buffer the stream.
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

const PING = ': ping\n\n';

/**
 * Answers with server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). Events are
 * pulled as fast as the client reads them, so a slow client delays only itself; `cutStalledReader` closes the
 * connection of a client that reads nothing. A comment is sent whenever the stream is silent for a heartbeat.
 *
 * `events` must end by itself, also when the client disconnects. They are formatted here, and not in a generator of
 * their own, because each generator around a stream costs promises for each event.
 */
export async function sendEvents<Event>(
  reply: FastifyReply,
  headers: Readonly<Record<string, string>>,
  events: AsyncIterable<Event>,
  format: StreamFormat<Event>,
): Promise<FastifyReply> {
  const { raw } = reply.hijack();
  raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), ...HEADERS, ...headers });
  raw.flushHeaders();
  raw.socket?.setNoDelay(true);
  const heartbeat = setInterval(() => raw.writableNeedDrain || raw.write(PING), limits.heartbeatMs);
  try {
    for await (const event of events) {
      if (raw.destroyed) break;
      if (!raw.write(format.write(event))) await settled(raw, 'drain');
    }
  } catch (error) {
    const text = format.writeError(error);
    if (!raw.destroyed) raw.write(text);
  } finally {
    clearInterval(heartbeat);
    if (!raw.destroyed && format.end !== '') raw.write(format.end);
    raw.end();
    if (!raw.writableFinished && !raw.destroyed) await settled(raw, 'finish');
  }
  return reply;
}

/**
 * Returns one server-sent event. `id` is the cursor after it: a client that reconnects continues after the last id that
 * it received.
 */
export function sentEvent(data: string, id?: string): string {
  return id === undefined ? `data: ${data}\n\n` : `id: ${id}\ndata: ${data}\n\n`;
}

/** Waits until the client has read what was written, or its connection is closed. */
async function settled(raw: ServerResponse, taken: 'drain' | 'finish'): Promise<void> {
  const over = new AbortController();
  try {
    const { signal } = over;
    await Promise.race([once(raw, taken, { signal }), once(raw, 'close', { signal })]);
  } catch {
    // The connection broke. Its `close` event ends the stream.
  } finally {
    over.abort();
  }
}
