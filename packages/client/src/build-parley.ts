import type { AppRouter } from '@parley/api';
import { QueryClient } from '@tanstack/query-core';
import { createTRPCClient } from '@trpc/client';
import { attempt, pauseAfter } from './attempts.ts';
import { ChatCache } from './chat-cache.ts';
import { ChatDeletes } from './chat-deletes.ts';
import { fetchWithKey } from './fetch-with-key.ts';
import { KeyRing } from './key-ring.ts';
import { type CallContext, createLinks } from './links.ts';
import { LiveChats } from './live-chats.ts';
import { MessageOutbox } from './message-outbox.ts';
import type { Page } from './page.ts';
import type { Parley, ParleyOptions } from './parley.ts';
import { isRetryable, toParleyError } from './parley-error.ts';
import type { Send, SendStorage } from './send.ts';
import type { Timings } from './timings.ts';

/** Attempts of a query after the first, where another one may help. */
const QUERY_RETRIES_MAX = 3;

/** Puts the client together, for a page that tests may play. */
export function buildParley(options: ParleyOptions, page: Page, timings: Timings): Parley {
  const keys = new KeyRing(options.apiKey);
  const send = fetchWithKey(keys, options.fetch ?? ((input, init) => globalThis.fetch(input, init)));
  const url = `${(options.url ?? '').replace(/\/+$/, '')}/trpc`;
  const trpc = createTRPCClient<AppRouter>({ links: createLinks(url, send) });
  const queryClient = options.queryClient ?? newQueryClient();
  const cache = new ChatCache(queryClient);
  const closed = new AbortController();

  const storage = options.storage === undefined ? localStorageOrNone() : (options.storage ?? undefined);
  const outbox = new MessageOutbox({
    storage,
    page,
    timings,
    deliver: async ({ key, chatId, content }: Send, signal: AbortSignal) => {
      const context: CallContext = { idempotencyKey: key };
      const input = { chatId, content, role: 'user', wait: false } as const;
      const answer = await trpc.message.create.mutate(input, { signal, context: { ...context } });
      // A chat's first message gives it its title.
      if (cache.find(chatId)?.title === undefined) void cache.refresh(chatId);
      return answer;
    },
  });
  const chats = new LiveChats({ trpc, keys, outbox, page, timings });
  const deletes = new ChatDeletes({
    deleteChat: (chatId, isKeptAlive) =>
      attempt(closed.signal, (signal) =>
        trpc.chat.delete.mutate({ chatId }, { signal, context: { isKeptAlive } }),
      ),
    onDeleted: (chatId) => cache.remove(chatId),
  });
  const stopFlushing = page.onLeave(() => deletes.flush());

  return {
    trpc,
    queryClient,
    outbox,
    chats,
    deletes,
    isOnline: page.isOnline,
    subscribeToOnline: page.onChange,
    close() {
      stopFlushing();
      deletes.flush();
      outbox.close();
      chats.close();
    },
  };
}

/** Of what is read, what may help is tried again, and a device that calls itself offline is tried all the same. */
function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: 'offlineFirst',
        retry: (failures, error) => failures < QUERY_RETRIES_MAX && isRetryable(toParleyError(error)),
        retryDelay: (failures, error) => pauseAfter(toParleyError(error), failures + 1),
      },
      mutations: { networkMode: 'offlineFirst' },
    },
  });
}

/** Reading `localStorage` throws where storage is forbidden. */
function localStorageOrNone(): SendStorage | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}
