import {
  type Context,
  createContext,
  rateHeaders,
  replayedHeader,
  requestHeaders,
  type Services,
} from '@parley/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { largeListTaker } from './large-answers.ts';

/** Returns the context of the procedures that a request calls. */
export function contextOf(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  procedures: readonly string[],
): Context {
  return createContext(services, {
    onLargeList: largeListTaker(request, reply),
    headers: requestHeaders(request.headers, services.isOwnOrigin),
    requestId: request.id,
    isBodyChecked: true,
    client: request.client,
    procedures,
    disconnect: () => disconnectSignal(reply),
    onReplay: () => void reply.header(replayedHeader.name, replayedHeader.value),
    onForeignOrigin: () => void reply.removeHeader('access-control-allow-origin'),
    onIdentified: (identity) => {
      request.identity = identity;
    },
    onRate: (rate) => void reply.headers(rateHeaders(rate)),
  });
}

/**
 * Returns a signal that aborts when the client disconnects before it was answered. It listens to the response,
 * because the socket is reused for further requests and would collect listeners.
 */
export function disconnectSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  if (raw.destroyed) controller.abort();
  else raw.once('close', () => raw.writableFinished || controller.abort());
  return controller.signal;
}
