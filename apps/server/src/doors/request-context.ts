import type { KeyHeaders } from '@parley/api';
import type { FastifyRequest } from 'fastify';

/** The headers a key may come in. A repeated header is joined by Node and matches no key. */
export function keyHeaders(request: FastifyRequest): KeyHeaders {
  const apiKey = request.headers['x-api-key'];
  return {
    apiKey: Array.isArray(apiKey) ? apiKey.join(',') : apiKey,
    authorization: request.headers.authorization,
  };
}

/** Aborts when the client is gone before it was answered. */
export function hangUpSignal(request: FastifyRequest): AbortSignal {
  const controller = new AbortController();
  const { socket } = request.raw;
  if (socket.destroyed) controller.abort();
  else socket.once('close', () => controller.abort());
  return controller.signal;
}
