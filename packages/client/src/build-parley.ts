import { QueryClient } from '@tanstack/query-core';
import { attempt, pause, pauseAfter } from './attempts.ts';
import { backoffMs } from './backoff.ts';
import { ChatCache } from './chat-cache.ts';
import { ChatDeletes } from './chat-deletes.ts';
import { Credentials } from './credentials.ts';
import { exportChat } from './export-chat.ts';
import { type FileTransport, readFile, uploadFile } from './files.ts';
import type { CallContext } from './links.ts';
import { LiveChats } from './live-chats.ts';
import { LiveList } from './live-list.ts';
import { MessageOutbox } from './message-outbox.ts';
import { baseOf, fetchOf, openTrpc } from './open-trpc.ts';
import { OutboxStorage } from './outbox-storage.ts';
import type { Page } from './page.ts';
import type { Parley, ParleyOptions } from './parley.ts';
import { isRetryable, toParleyError } from './parley-error.ts';
import type { Send } from './send.ts';
import { chosenStorage } from './storage.ts';
import type { Timings } from './timings.ts';
import { userOf } from './user-of.ts';

/** Retries of a query after its first attempt. */
const QUERY_RETRIES_MAX = 3;

/** Creates the client for a page that tests can replace. */
export function buildParley(options: ParleyOptions, page: Page, timings: Timings): Parley {
  const credentials = new Credentials(options, (user, former) => onUser(user, former));
  const trpc = openTrpc(options, credentials);
  const queryClient = options.queryClient ?? newQueryClient();
  const cache = new ChatCache(queryClient);
  const closed = new AbortController();
  /** Aborts the running work of a user when another user takes over. */
  let userAbort = new AbortController();

  const storage = chosenStorage(options.storage);
  const outbox = new MessageOutbox({
    storage,
    page,
    timings,
    deliver: async ({ key, chatId, content, files }: Send, signal: AbortSignal) => {
      const context: CallContext = { idempotencyKey: key };
      const named = files && { files: files.map(({ id }) => id) };
      const input = { chatId, content, ...named, role: 'user', wait: false } as const;
      const answer = await trpc.message.create.mutate(input, { signal, context: { ...context } });
      // The server sets the initial title from the first message.
      if (cache.find(chatId)?.title === undefined) void cache.readTitle(chatId);
      return answer;
    },
  });
  const list: LiveList = new LiveList({
    ...{ trpc, credentials, page, timings, cache },
    reopenChat: () => chats.reopenStream(),
  });
  const chats = new LiveChats({ trpc, credentials, outbox, page, timings, list });
  const deletes = new ChatDeletes({
    deleteChat: (chatId, isKeptAlive) =>
      attempt(userAbort.signal, (signal) =>
        trpc.chat.delete.mutate({ chatId }, { signal, context: { isKeptAlive } }),
      ),
    onDeleted: (chatId) => cache.remove(chatId),
  });
  const transport: FileTransport = {
    base: baseOf(options),
    fetchOf: (send) => fetchOf(send ? { fetch: send } : options, credentials),
    canReportProgress: options.fetch === undefined && typeof XMLHttpRequest === 'function',
  };
  const stopFlushing = page.onLeave(() => deletes.flush());

  if (credentials.isUserKnown) outbox.begin(credentials.user);
  else identifyUser();

  function onUser(user: string | undefined, former: string | undefined): void {
    if (former !== undefined) forget();
    if (user !== undefined) outbox.begin(user);
    else identifyUser();
  }

  /** Clears everything that belongs to the former user. */
  function forget(): void {
    userAbort.abort();
    userAbort = new AbortController();
    outbox.end();
    list.reset();
    chats.reset();
    deletes.reset();
    queryClient.getMutationCache().clear();
    void queryClient.resetQueries();
  }

  /**
   * An earlier page may have stored messages of any user. Identify the current user first, to send only
   * theirs.
   */
  function identifyUser(): void {
    if (OutboxStorage.isAny(storage)) void waitForUser(credentials, closed.signal);
  }

  return {
    trpc,
    queryClient,
    outbox,
    chats,
    list,
    deletes,
    isOnline: page.isOnline,
    subscribeToOnline: page.onChange,
    exportChat: (chatId, format) =>
      attempt(userAbort.signal, (signal) =>
        exportChat(fetchOf(options, credentials), baseOf(options), { chatId, format }, signal),
      ),
    uploadFile: (file, upload = {}) => uploadFile(transport, file, upload, userAbort.signal),
    readFile: (fileId) => readFile(transport, fileId, userAbort.signal),
    userSignal: () => userAbort.signal,
    forgetUser: () => credentials.forgetUser(),
    async claimGuest(guestToken) {
      const { signal: here } = userAbort;
      const claimed = await attempt(here, (signal) => trpc.guest.claim.mutate({ guestToken }, { signal }));
      here.throwIfAborted();
      outbox.adopt(userOf(guestToken));
      chats.reset();
      void queryClient.invalidateQueries();
      return claimed;
    },
    close() {
      closed.abort();
      stopFlushing();
      deletes.flush();
      outbox.close();
      chats.close();
      list.close();
    },
  };
}

async function waitForUser(credentials: Credentials, closed: AbortSignal): Promise<void> {
  for (let failures = 1; !closed.aborted && !credentials.isUserKnown; failures++) {
    await credentials.current().catch(() => pause(backoffMs(failures), closed));
  }
}

/**
 * Queries retry transient errors. Requests are sent even if the device reports that it is offline, because it
 * may be wrong.
 */
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
