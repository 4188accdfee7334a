import type { KeyHeaders } from '@parley/api';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** The headers a key may come in. A repeated header is joined by Node and matches no key. */
export function keyHeaders(request: FastifyRequest): KeyHeaders {
  const apiKey = request.headers['x-api-key'];
  return {
    apiKey: Array.isArray(apiKey) ? apiKey.join(',') : apiKey,
    authorization: request.headers.authorization,
  };
}

/**
 * Aborts when the client is gone before it was answered. The response tells it, not the socket: that one is
 * kept for further requests, and would keep a listener of each.
 */
export function hangUpSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  if (raw.destroyed) controller.abort();
  else raw.once('close', () => raw.writableFinished || controller.abort());
  return controller.signal;
}
