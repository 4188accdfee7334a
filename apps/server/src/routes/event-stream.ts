import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { limits } from '@parley/contract';
import type { FastifyReply } from 'fastify';

/** One server-sent event. */
export interface SentEvent {
  /** The cursor of this event. A client that reconnects continues after the last id it received. */
  readonly id?: string;
  readonly data: string;
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
 * `events` must end by itself, also when the client disconnects.
 */
export async function sendEvents(
  reply: FastifyReply,
  headers: Readonly<Record<string, string>>,
  events: AsyncIterable<readonly SentEvent[]>,
): Promise<FastifyReply> {
  const { raw } = reply.hijack();
  raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), ...HEADERS, ...headers });
  raw.flushHeaders();
  raw.socket?.setNoDelay(true);
  const heartbeat = setInterval(() => raw.writableNeedDrain || raw.write(PING), limits.heartbeatMs);
  try {
    for await (const sent of events) {
      if (raw.destroyed) break;
      if (!raw.write(sent.map(toFrame).join(''))) await settled(raw, 'drain');
    }
  } finally {
    clearInterval(heartbeat);
    raw.end();
    if (!raw.writableFinished && !raw.destroyed) await settled(raw, 'finish');
  }
  return reply;
}

function toFrame({ id, data }: SentEvent): string {
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
