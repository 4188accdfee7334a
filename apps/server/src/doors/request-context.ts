import {
  type Context,
  createContext,
  rateHeaders,
  replayedHeader,
  requestHeaders,
  type Services,
} from '@parley/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientAddress } from '../client-address.ts';

/** A procedure's context, made of a request. */
export function contextOf(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  options: { hangUp: () => AbortSignal; calls?: number },
): Context {
  return createContext(services, {
    headers: requestHeaders(request.headers, services.isOwnOrigin),
    requestId: request.id,
    address: () => clientAddress(request),
    calls: 1,
    ...options,
    onReplay: () => void reply.header(replayedHeader.name, replayedHeader.value),
    onForeignOrigin: () => void reply.removeHeader('access-control-allow-origin'),
    onRate: (rate) => void reply.headers(rateHeaders(rate)),
  });
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
