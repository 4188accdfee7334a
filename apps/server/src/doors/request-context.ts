import { type Context, createContext, type KeyHeaders, type Services } from '@parley/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientAddress } from '../client-address.ts';

/** The headers a key and a token may come in. A repeated header is joined and matches none. */
function keyHeaders({ headers }: FastifyRequest): KeyHeaders {
  const joined = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join(',') : value);
  return {
    apiKey: joined(headers['x-api-key']),
    authorization: headers.authorization,
    userToken: joined(headers['x-user-token']),
  };
}

/** A procedure's context, made of a request. */
export function contextOf(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  options: { hangUp: () => AbortSignal; calls?: number },
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
    address: () => clientAddress(request),
    calls: 1,
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
