import { turnIdOf } from '@parley/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { attributionOf, type LogAddresses } from './attribute-request.ts';
import type { Log } from './log.ts';

/**
 * Logs one line per request: the route without values of the URL, no headers, no body, and the ids of the caller. After
 * an error that names an answer, its turn leads to the lines of other processes that ran it.
 */
export function logRequest(
  log: Log,
  request: FastifyRequest,
  reply: FastifyReply,
  addresses: LogAddresses,
): void {
  const { apiError } = request;
  const { messageId } = apiError?.facts ?? {};
  const isBug = apiError?.code === 'internal_error';
  const line = {
    requestId: request.id,
    method: request.method,
    route: request.routeOptions.url ?? '(unknown)',
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 10) / 10,
    ...attributionOf(request, addresses),
    ...(apiError && { code: apiError.code }),
    ...(messageId !== undefined && { turn: turnIdOf(messageId) }),
    ...(apiError && apiError.status >= 500 && { error: apiError.cause }),
  };
  if (isBug) log.error(line, 'request failed');
  else if (reply.statusCode >= 500) log.warn(line, 'request');
  else log.info(line, 'request');
}

/** Logs a request whose client disconnected before the response. Such a request has no other line. */
export function logDisconnect(
  log: Log,
  request: FastifyRequest,
  reply: FastifyReply,
  addresses: LogAddresses,
): void {
  const { id: requestId, method, routeOptions } = request;
  const ms = Math.round(reply.elapsedTime * 10) / 10;
  log.info(
    { requestId, method, route: routeOptions.url ?? '(unknown)', ms, ...attributionOf(request, addresses) },
    'client disconnected',
  );
}
