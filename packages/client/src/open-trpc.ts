import type { AppRouter } from '@parley/api';
import { createTRPCClient, type TRPCClient } from '@trpc/client';
import type { Credentials } from './credentials.ts';
import { fetchWithCredentials } from './fetch-with-credentials.ts';
import { createLinks } from './links.ts';
import type { ParleyOptions } from './parley.ts';

/** The server's address, without the slashes that people end it with; empty for the page's own. */
export function baseOf({ url = '' }: Pick<ParleyOptions, 'url'>): string {
  return url.replace(/\/+$/, '');
}

/** The typed calls of a server, each sent with these credentials. */
export function openTrpc(
  options: Pick<ParleyOptions, 'url' | 'fetch'>,
  credentials: Credentials,
): TRPCClient<AppRouter> {
  const send = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const links = createLinks(`${baseOf(options)}/trpc`, fetchWithCredentials(credentials, send));
  return createTRPCClient<AppRouter>({ links });
}
