import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from './log.ts';

/** One line per answered request: the route, never the URL's values, no header and no body. */
export function logRequest(log: Log, request: FastifyRequest, reply: FastifyReply): void {
  const { refusal } = request;
  const isBug = refusal?.code === 'internal_error';
  const line = {
    requestId: request.id,
    method: request.method,
    route: request.routeOptions.url ?? '(unknown)',
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 10) / 10,
    ...(refusal && { code: refusal.code }),
    ...(refusal && refusal.status >= 500 && { error: refusal.cause }),
  };
  if (isBug) log.error(line, 'request failed');
  else if (reply.statusCode >= 500) log.warn(line, 'request');
  else log.info(line, 'request');
}

/** A line for a request whose client was gone before it was answered: it gets no other. */
export function logHangUp(log: Log, request: FastifyRequest, reply: FastifyReply): void {
  const { id: requestId, method, routeOptions } = request;
  const ms = Math.round(reply.elapsedTime * 10) / 10;
  log.info({ requestId, method, route: routeOptions.url ?? '(unknown)', ms }, 'client hung up');
}
