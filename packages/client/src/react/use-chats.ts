import type { Chat } from '@parley/contract';
import { useCallback, useEffect, useMemo } from 'react';
import { type ParleyError, toParleyError } from '../parley-error.ts';
import { useParley } from './provider.tsx';
import { trpc } from './trpc.ts';
import { useStore } from './use-store.ts';

/** Filters of `useChats`. A filter that is left out matches every chat. */
export interface ChatsFilter {
  readonly userId?: string | undefined;
  readonly agentType?: string | undefined;
  /** Words, or beginnings of words, of the title; at most 200 characters. Blank text does not filter. */
  readonly search?: string | undefined;
  /** The size of a page, 1 to 1,000. Default: 30. */
  readonly limit?: number | undefined;
}

/** The result of `useChats`. */
export interface Chats {
  /** Last used first, or newest first in a search; without hidden chats. The array stays the same while nothing changes. */
  readonly chats: readonly Chat[];
  /** True until the first page of this filter is loaded. */
  readonly isLoading: boolean;
  readonly error?: ParleyError;
  readonly hasMore: boolean;
  /** Loads the next page. Does nothing if there is none or it is being loaded. */
  readonly loadMore: () => void;
  readonly isLoadingMore: boolean;
  readonly refresh: () => void;
}

const PAGE_CHATS = 30;
const REFRESH_MS = 60_000;

/**
 * Loads the chats of a filter, page by page, and keeps them up to date by a stream. Reloads them when the window gets the
 * focus and every minute.
 */
export function useChats({ userId, agentType, search, limit = PAGE_CHATS }: ChatsFilter = {}): Chats {
  const { deletes, list } = useParley();
  useEffect(() => list.follow(), [list]);
  const words = search?.trim();
  const query = trpc.chat.list.useInfiniteQuery(
    {
      limit,
      ...(userId !== undefined && { userId }),
      ...(agentType !== undefined && { agentType }),
      ...(words ? { search: words } : { order: 'updated' as const }),
    },
    {
      getNextPageParam: ({ nextCursor }) => nextCursor,
      refetchInterval: REFRESH_MS,
      refetchOnWindowFocus: 'always',
      // Somebody who types on no longer needs the former search.
      trpc: { abortOnUnmount: Boolean(words) },
    },
  );
  const subscribe = useCallback((listener: () => void) => deletes.subscribe(listener), [deletes]);
  const hidden = useStore(subscribe, () => deletes.hidden());
  const { data, fetchNextPage, refetch, hasNextPage, isFetchingNextPage } = query;
  const chats = useMemo(() => {
    const listed = data?.pages.flatMap((page) => page.chats) ?? [];
    return listed.filter(({ id }) => !hidden.has(id));
  }, [data, hidden]);
  return {
    chats,
    isLoading: query.isLoading,
    ...(query.error && { error: toParleyError(query.error) }),
    hasMore: hasNextPage,
    loadMore: useCallback(() => {
      if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
    }, [hasNextPage, isFetchingNextPage, fetchNextPage]),
    isLoadingMore: isFetchingNextPage,
    refresh: useCallback(() => void refetch(), [refetch]),
  };
}
