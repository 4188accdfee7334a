import type { AppRouter } from '@parley/api';
import { createTRPCClient, httpSubscriptionLink, type TRPCClient } from '@trpc/client';
import { EventSource, type FetchLike } from 'eventsource';

/**
 * The stock client for subscriptions, as a program outside of a browser uses it. Its connections go to these servers
 * in turn, as through a load balancer. It reconnects without a pause.
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

/** Sets the client's pause before it reconnects, by a field of the stream. */
function withoutPause(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const pause = new TextEncoder().encode('retry: 1\n\n');
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({ start: (controller) => controller.enqueue(pause) }),
  );
}
