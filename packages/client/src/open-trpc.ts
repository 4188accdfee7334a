import type { AppRouter } from '@parley/api';
import { createTRPCClient, type TRPCClient } from '@trpc/client';
import type { Credentials } from './credentials.ts';
import { fetchWithCredentials } from './fetch-with-credentials.ts';
import { createLinks } from './links.ts';
import type { ParleyOptions } from './parley.ts';

/** Returns the server's URL without trailing slashes; empty for the page's own origin. */
export function baseOf({ url = '' }: Pick<ParleyOptions, 'url'>): string {
  return url.replace(/\/+$/, '');
}

/** Creates the typed tRPC client of a server with these credentials. */
export function openTrpc(
  options: Pick<ParleyOptions, 'url' | 'fetch'>,
  credentials: Credentials,
): TRPCClient<AppRouter> {
  const links = createLinks(`${baseOf(options)}/trpc`, fetchOf(options, credentials));
  return createTRPCClient<AppRouter>({ links });
}

/** Returns a `fetch` that sends these credentials. */
export function fetchOf(options: Pick<ParleyOptions, 'fetch'>, credentials: Credentials): typeof fetch {
  return fetchWithCredentials(credentials, options.fetch ?? ((input, init) => globalThis.fetch(input, init)));
}
