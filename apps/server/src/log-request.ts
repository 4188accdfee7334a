import type { FastifyReply, FastifyRequest } from 'fastify';
import { attributionOf, type LogAddresses } from './attribute-request.ts';
import type { Log } from './log.ts';

/** One line per answered request: the route, never the URL's values, no header and no body; whose it was, by ids. */
export function logRequest(
  log: Log,
  request: FastifyRequest,
  reply: FastifyReply,
  addresses: LogAddresses,
): void {
  const { apiError } = request;
  const isBug = apiError?.code === 'internal_error';
  const line = {
    requestId: request.id,
    method: request.method,
    route: request.routeOptions.url ?? '(unknown)',
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 10) / 10,
    ...attributionOf(request, addresses),
    ...(apiError && { code: apiError.code }),
    ...(apiError && apiError.status >= 500 && { error: apiError.cause }),
  };
  if (isBug) log.error(line, 'request failed');
  else if (reply.statusCode >= 500) log.warn(line, 'request');
  else log.info(line, 'request');
}

/** A line for a request whose client was gone before it was answered: it gets no other. */
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
    'client hung up',
  );
}
