import type { AppRouter } from '@parley/api';
import {
  createTRPCClient,
  httpBatchLink,
  httpSubscriptionLink,
  retryLink,
  splitLink,
  type TRPCClientError,
} from '@trpc/client';
import { EventSource } from 'eventsource';

/** ApiErrors after which a new token helps. */
const TOKEN_OVER = ['user_token_expired', 'user_token_invalid', 'user_signed_out'];

/**
 * `userToken` asks your own server for a token of the signed-in user; `isOver` says that the previous one was
 * rejected.
 */
export function createClient(options: {
  readonly url: string;
  readonly apiKey: string;
  readonly userToken: (isOver: boolean) => Promise<string>;
}) {
  const { url, apiKey, userToken } = options;
  let isOver = false;
  const headers = async () => {
    const token = await userToken(isOver);
    isOver = false;
    return { 'x-api-key': apiKey, 'x-user-token': token };
  };
  return createTRPCClient<AppRouter>({
    links: [
      // A subscription continues after the last received event: `retryLink` sends its id.
      retryLink({
        retry({ error, attempts }) {
          isOver = TOKEN_OVER.includes(codeOf(error));
          return isOver && attempts <= 3;
        },
        retryDelayMs: (attempts) => 500 * attempts,
      }),
      splitLink({
        condition: ({ type }) => type === 'subscription',
        true: httpSubscriptionLink({
          url,
          EventSource,
          eventSourceOptions: {
            fetch: async (address, init) =>
              fetch(address, { ...init, headers: { ...init.headers, ...(await headers()) } }),
          },
        }),
        false: httpBatchLink({ url, headers }),
      }),
    ],
  });
}

/** The stable code of the error. */
function codeOf({ data }: TRPCClientError<AppRouter>): string {
  return (data as { apiError?: { code: string } } | null)?.apiError?.code ?? '';
}
