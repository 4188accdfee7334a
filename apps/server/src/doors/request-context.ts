import { type Context, createContext, type KeyHeaders, type Services } from '@parley/api';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** The headers a key may come in. A repeated header is joined by Node and matches no key. */
function keyHeaders(request: FastifyRequest): KeyHeaders {
  const apiKey = request.headers['x-api-key'];
  return {
    apiKey: Array.isArray(apiKey) ? apiKey.join(',') : apiKey,
    authorization: request.headers.authorization,
  };
}

/** A procedure's context, made of a request. */
export function contextOf(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  options: { hangUp: () => AbortSignal },
): Context {
  const idempotencyKey = request.headers['idempotency-key'];
  return createContext(services, {
    headers: {
      ...keyHeaders(request),
      origin: request.headers.origin,
      host: request.headers.host,
      idempotencyKey: Array.isArray(idempotencyKey) ? idempotencyKey.join(', ') : idempotencyKey,
    },
    requestId: request.id,
    ...options,
    onReplay: () => void reply.header(REPLAYED.name, REPLAYED.value),
    onForeignOrigin: () => void reply.removeHeader('access-control-allow-origin'),
    onRate: ({ limit, remaining, resetAt }) =>
      void reply.headers({
        'x-ratelimit-limit': limit,
        'x-ratelimit-remaining': remaining,
        'x-ratelimit-reset': resetAt,
      }),
  });
}

/** Says that an earlier request's outcome is given again. */
export const REPLAYED = { name: 'idempotent-replayed', value: 'true' };

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
