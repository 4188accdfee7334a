import { QueryClient } from '@tanstack/query-core';
import { attempt, pause, pauseAfter } from './attempts.ts';
import { backoffMs } from './backoff.ts';
import { ChatCache } from './chat-cache.ts';
import { ChatDeletes } from './chat-deletes.ts';
import { Credentials } from './credentials.ts';
import { KeptSends } from './kept-sends.ts';
import type { CallContext } from './links.ts';
import { LiveChats } from './live-chats.ts';
import { MessageOutbox } from './message-outbox.ts';
import { openTrpc } from './open-trpc.ts';
import type { Page } from './page.ts';
import type { Parley, ParleyOptions } from './parley.ts';
import { isRetryable, toParleyError } from './parley-error.ts';
import type { Send } from './send.ts';
import { chosenStorage } from './storage.ts';
import type { Timings } from './timings.ts';
import { userOf } from './user-of.ts';

/** Attempts of a query after the first, where another one may help. */
const QUERY_RETRIES_MAX = 3;

/** Puts the client together, for a page that tests may play. */
export function buildParley(options: ParleyOptions, page: Page, timings: Timings): Parley {
  const credentials = new Credentials(options, (user, former) => onUser(user, former));
  const trpc = openTrpc(options, credentials);
  const queryClient = options.queryClient ?? newQueryClient();
  const cache = new ChatCache(queryClient);
  const closed = new AbortController();
  /** Ends what is underway for one user when another one comes. */
  let visit = new AbortController();

  const storage = chosenStorage(options.storage);
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
  const chats = new LiveChats({ trpc, credentials, outbox, page, timings });
  const deletes = new ChatDeletes({
    deleteChat: (chatId, isKeptAlive) =>
      attempt(visit.signal, (signal) =>
        trpc.chat.delete.mutate({ chatId }, { signal, context: { isKeptAlive } }),
      ),
    onDeleted: (chatId) => cache.remove(chatId),
  });
  const stopFlushing = page.onLeave(() => deletes.flush());

  if (credentials.isUserKnown) outbox.begin(credentials.user);
  else meetForKept();

  function onUser(user: string | undefined, former: string | undefined): void {
    if (former !== undefined) forget();
    if (user !== undefined) outbox.begin(user);
    else meetForKept();
  }

  /** Nothing of a user is left to be shown or done for the next. */
  function forget(): void {
    visit.abort();
    visit = new AbortController();
    outbox.end();
    chats.startOver();
    deletes.startOver();
    queryClient.getMutationCache().clear();
    void queryClient.resetQueries();
  }

  /** What an earlier page left may be anybody's: it waits until it is known who is here. */
  function meetForKept(): void {
    if (KeptSends.isAny(storage)) void untilUserIsKnown(credentials, closed.signal);
  }

  return {
    trpc,
    queryClient,
    outbox,
    chats,
    deletes,
    isOnline: page.isOnline,
    subscribeToOnline: page.onChange,
    userSignal: () => visit.signal,
    forgetUser: () => credentials.forgetUser(),
    async claimGuest(guestToken) {
      const { signal: here } = visit;
      const claimed = await attempt(here, (signal) => trpc.guest.claim.mutate({ guestToken }, { signal }));
      here.throwIfAborted();
      outbox.adopt(userOf(guestToken));
      chats.startOver();
      void queryClient.invalidateQueries();
      return claimed;
    },
    close() {
      closed.abort();
      stopFlushing();
      deletes.flush();
      outbox.close();
      chats.close();
    },
  };
}

async function untilUserIsKnown(credentials: Credentials, closed: AbortSignal): Promise<void> {
  for (let failures = 1; !closed.aborted && !credentials.isUserKnown; failures++) {
    await credentials.current().catch(() => pause(backoffMs(failures), closed));
  }
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
