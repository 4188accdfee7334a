import type { SearchResult } from '@parley/contract';
import { keepPreviousData } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { type ParleyError, toParleyError } from '../parley-error.ts';
import { useParley } from './provider.tsx';
import { trpc } from './trpc.ts';
import { useStore } from './use-store.ts';

/** The result of `useMessageSearch`. */
export interface MessageSearch {
  /**
   * Newest first, without messages of hidden chats. While a new text is searched, these are the results of the former one.
   * The array stays the same while nothing changes.
   */
  readonly results: readonly SearchResult[];
  /** True until the first page of this text is loaded. */
  readonly isLoading: boolean;
  readonly error?: ParleyError;
  readonly hasMore: boolean;
  /** Loads the next page. Does nothing if there is none or it is being loaded. */
  readonly loadMore: () => void;
}

const PAGE_RESULTS = 20;

/**
 * Finds messages by their words in the chats of the user. Blank text finds nothing. A search whose text has changed is
 * aborted. Delay the text while the user types, because each new one is a request.
 */
export function useMessageSearch(text: string): MessageSearch {
  const { deletes } = useParley();
  const q = text.trim();
  const query = trpc.message.search.useInfiniteQuery(
    { q, limit: PAGE_RESULTS },
    {
      enabled: q !== '',
      getNextPageParam: ({ nextCursor }) => nextCursor,
      placeholderData: keepPreviousData,
      trpc: { abortOnUnmount: true },
    },
  );
  const subscribe = useCallback((listener: () => void) => deletes.subscribe(listener), [deletes]);
  const hidden = useStore(subscribe, () => deletes.hidden());
  const { data, fetchNextPage, hasNextPage, isFetchingNextPage, isPlaceholderData } = query;
  const results = useMemo(() => {
    const found = q === '' ? [] : (data?.pages.flatMap((page) => page.results) ?? []);
    return found.filter(({ chatId }) => !hidden.has(chatId));
  }, [data, hidden, q]);
  return {
    results,
    isLoading: q !== '' && (query.isLoading || isPlaceholderData),
    ...(query.error && { error: toParleyError(query.error) }),
    hasMore: q !== '' && !isPlaceholderData && hasNextPage,
    loadMore: useCallback(() => {
      if (hasNextPage && !isFetchingNextPage && !isPlaceholderData) void fetchNextPage();
    }, [hasNextPage, isFetchingNextPage, isPlaceholderData, fetchNextPage]),
  };
}
