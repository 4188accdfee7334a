import 'server-only';
import type { AppRouter } from '@parley/client';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { env } from './env';

/** For server components and actions: every procedure, typed, with the secret key. */
export const parley = createTRPCClient<AppRouter>({
  links: [httpBatchLink({ url: `${env.url}/trpc`, headers: { 'x-api-key': env.secretKey } })],
});
