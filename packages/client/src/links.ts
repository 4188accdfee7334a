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
import { ForeignAnswer } from './parley-error.ts';

/** Calls that may share one request; the server takes as many. */
const BATCH_CALLS_MAX = 20;
/** Longer addresses are refused by some proxies. */
const URL_LENGTH_MAX = 4_000;

/** What a call may say of its delivery, as `context` of its options. */
export interface CallContext {
  /** One per thing to be done: a repeat with the same key is harmless. */
  readonly idempotencyKey?: string;
  /** The request outlives the page. Its body may have 64 KiB at most. */
  readonly isKeptAlive?: boolean;
}

/**
 * The ways to the server. Queries that are asked together share a request; a mutation has its own, because it
 * has its own idempotency key. Keys travel in headers alone, never in addresses.
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
 * The infinite queries of `@trpc/react-query` add a `direction` to the input, which no procedure knows and a
 * closed input refuses.
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

/** tRPC's names of fetch's types are looser than fetch's own, in ways it does not use. */
function asTrpcFetch(send: typeof fetch) {
  return async (input: RequestInfo | URL | string, init?: object) => {
    const response = await send(input, init as RequestInit);
    // tRPC would tell of a page that is no JSON, and not with which status it came.
    if (response.headers.get('content-type')?.includes('json')) return response;
    await response.body?.cancel();
    throw new ForeignAnswer(response);
  };
}

function asStreamFetch(send: typeof fetch): FetchLike {
  return (input, init) => send(input, init as RequestInit);
}
