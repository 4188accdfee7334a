import type { IncomingHttpHeaders } from 'node:http';
import type { KeyHeaders, OriginHeaders } from './caller.ts';

/** All headers that procedures know of. */
export type RequestHeaders = KeyHeaders & OriginHeaders & { readonly idempotencyKey: string | undefined };

/** Reads them as `node:http` gives them. A repeated header is joined and matches nothing. */
export function requestHeaders(headers: IncomingHttpHeaders): RequestHeaders {
  return {
    apiKey: joined(headers['x-api-key']),
    authorization: headers.authorization,
    userToken: joined(headers['x-user-token']),
    origin: headers.origin,
    host: headers.host,
    idempotencyKey: joined(headers['idempotency-key']),
  };
}

function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
