import type { AppRouter } from '@parley/api';
import { createTRPCClient, httpSubscriptionLink, type TRPCClient } from '@trpc/client';
import { EventSource, type FetchLike } from 'eventsource';

/**
 * The stock client for subscriptions, as a program outside of a browser uses it. Each of its connections goes to
 * the next of these servers, as by a load balancer; it waits no time before it connects again.
 */
export function subscriptionClient(
  urls: readonly [string, ...string[]],
  key: string,
): { readonly client: TRPCClient<AppRouter>; connections(): number } {
  let connections = 0;
  const fetchNext: FetchLike = async (input, init) => {
    const target = new URL(urls[connections++ % urls.length] ?? urls[0]);
    const { pathname, search } = new URL(input);
    const headers = { ...init.headers, 'x-api-key': key };
    const response = await fetch(new URL(`${pathname}${search}`, target), {
      ...init,
      headers,
    } as RequestInit);
    return { ...responseFields(response), body: response.body && withoutPause(response.body) };
  };
  const client = createTRPCClient<AppRouter>({
    links: [
      httpSubscriptionLink({
        url: `${urls[0]}/trpc`,
        EventSource,
        eventSourceOptions: { fetch: fetchNext },
      }),
    ],
  });
  return { client, connections: () => connections };
}

function responseFields({ url, status, redirected, headers }: Response) {
  return { url, status, redirected, headers };
}

/** Sets how long the client waits before it connects again, in the stream's own words. */
function withoutPause(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const pause = new TextEncoder().encode('retry: 1\n\n');
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({ start: (controller) => controller.enqueue(pause) }),
  );
}
