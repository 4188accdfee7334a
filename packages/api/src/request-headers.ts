import type { IncomingHttpHeaders } from 'node:http';
import type { KeyHeaders, OriginHeaders } from './caller.ts';
import { type IsOwnOrigin, ownOrigins } from './own-origins.ts';

/** The headers that procedures need. */
export type RequestHeaders = KeyHeaders & OriginHeaders & { readonly idempotencyKey: string | undefined };

const ofThisMachine = ownOrigins();

/**
 * Reads the headers from those of `node:http`. The values of a repeated header are joined, and so match nothing.
 * `isOwnOrigin` recognizes the pages of this server; default: pages that are opened on this machine.
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
