import type { AppRouter } from '@parley/api';
import {
  type HTTPHeaders,
  httpBatchLink,
  httpLink,
  httpSubscriptionLink,
  type Operation,
  splitLink,
  type TRPCLink,
} from '@trpc/client';
import { observable } from '@trpc/server/observable';
import { EventSource, type FetchLike } from 'eventsource';
import { ForeignResponse } from './parley-error.ts';

/** Calls per batch; the server accepts as many. */
const BATCH_CALLS_MAX = 20;
/** Some proxies reject longer URLs. */
const URL_LENGTH_MAX = 4_000;

/** Delivery options of a call. Pass them as `context` in the options of a tRPC call. */
export interface CallContext {
  /** Use one key per action: repeating a request with the same key has no further effect. */
  readonly idempotencyKey?: string;
  /** Lets the request finish after the page is closed. The browser limits its body to 64 KiB. */
  readonly isKeptAlive?: boolean;
}

/**
 * Creates the tRPC links. Queries made at the same time share a batch; each mutation is a request of its own,
 * because it has its own idempotency key. Credentials are sent in headers only, never in URLs.
 */
export function createLinks(url: string, send: typeof fetch): TRPCLink<AppRouter>[] {
  const own = { url, fetch: asTrpcFetch(send), headers: headersOf };
  const keptAlive = {
    ...own,
    fetch: asTrpcFetch((input, init) => send(input, { ...init, keepalive: true })),
  };
  return [
    withoutDirection(),
    splitLink({
      condition: ({ type }) => type === 'subscription',
      true: httpSubscriptionLink({
        url,
        EventSource,
        eventSourceOptions: { fetch: asStreamFetch(send) },
      }),
      false: splitLink({
        condition: ({ type }) => type === 'query',
        true: httpBatchLink({
          url,
          fetch: own.fetch,
          maxItems: BATCH_CALLS_MAX,
          maxURLLength: URL_LENGTH_MAX,
        }),
        false: splitLink({
          condition: ({ context }) => (context as CallContext).isKeptAlive === true,
          true: httpLink(keptAlive),
          false: httpLink(own),
        }),
      }),
    }),
  ];
}

function headersOf({ op }: { op: Operation }): HTTPHeaders {
  const { idempotencyKey } = op.context as CallContext;
  return idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
}

/**
 * Removes the `direction` that infinite queries of `@trpc/react-query` add to the input, because the server
 * rejects unknown fields.
 */
function withoutDirection(): TRPCLink<AppRouter> {
  return () =>
    ({ op, next }) =>
      observable((observer) => next({ ...op, input: cleaned(op) }).subscribe(observer));
}

function cleaned({ type, input }: Operation): unknown {
  if (type !== 'query' || typeof input !== 'object' || input === null) return input;
  const { direction: _, ...rest } = input as { direction?: unknown };
  return rest;
}

/** tRPC's types of `fetch` are wider than the standard ones. */
function asTrpcFetch(send: typeof fetch) {
  return async (input: RequestInfo | URL | string, init?: object) => {
    const response = await send(input, init as RequestInit);
    // tRPC reports a response that is not JSON without its status, so check it here.
    if (response.headers.get('content-type')?.includes('json')) return response;
    await response.body?.cancel();
    throw new ForeignResponse(response);
  };
}

function asStreamFetch(send: typeof fetch): FetchLike {
  return (input, init) => send(input, init as RequestInit);
}
