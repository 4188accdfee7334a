import type { IncomingHttpHeaders } from 'node:http';
import type { KeyHeaders, OriginHeaders } from './caller.ts';
import { type IsOwnOrigin, ownOrigins } from './own-origins.ts';

/** All headers that procedures know of. */
export type RequestHeaders = KeyHeaders & OriginHeaders & { readonly idempotencyKey: string | undefined };

const ofThisMachine = ownOrigins();

/**
 * Reads them as `node:http` gives them. A repeated header is joined and matches nothing. `isOwnOrigin` recognises the
 * pages of this server; without it only those that are opened on this machine count as its own.
 */
export function requestHeaders(
  headers: IncomingHttpHeaders,
  isOwnOrigin: IsOwnOrigin = ofThisMachine,
): RequestHeaders {
  const { origin, host } = headers;
  return {
    apiKey: joined(headers['x-api-key']),
    authorization: headers.authorization,
    userToken: joined(headers['x-user-token']),
    origin,
    isOwnPage: origin !== undefined && isOwnOrigin(origin, host),
    idempotencyKey: joined(headers['idempotency-key']),
  };
}

function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
