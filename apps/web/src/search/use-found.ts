import { useChats, useMessageSearch } from '@parley/client/react';
import type { Chat, SearchResult } from '@parley/contract';
import { useMemo } from 'react';
import { useDebounced } from '../lib/use-debounced.ts';

/** An option of the search: a chat, or a message in a chat. */
export type Found =
  | { readonly kind: 'chat'; readonly id: string; readonly chat: Chat }
  | { readonly kind: 'message'; readonly id: string; readonly result: SearchResult };

/** The state of a search. */
interface Search extends Pick<ReturnType<typeof useMessageSearch>, 'error' | 'hasMore' | 'loadMore'> {
  /** The chats come first. Without a text they are the last used ones. */
  readonly found: readonly Found[];
  /** The text that `found` belongs to. */
  readonly searched: string;
  /** The results are not yet those of the text. */
  readonly isLoading: boolean;
}

const delayMs = 200;
const recentMax = 8;
/** More chats would hide the messages. */
const chatsMax = 10;

/** Searches the titles and messages of the user's chats when `text` has not changed for a moment. */
export function useFound(text: string): Search {
  const typed = text.trim();
  const settled = useDebounced(typed, delayMs);
  const searched = typed === '' ? '' : settled;
  const titles = useChats(searched === '' ? {} : { search: searched, limit: chatsMax });
  const messages = useMessageSearch(searched);
  const { chats } = titles;
  const { results } = messages;
  const found = useMemo<Found[]>(
    () => [
      ...chats
        .slice(0, searched === '' ? recentMax : chatsMax)
        .map((chat) => ({ kind: 'chat' as const, id: chat.id, chat })),
      ...results.map((result) => ({ kind: 'message' as const, id: result.messageId, result })),
    ],
    [chats, results, searched],
  );
  const error = messages.error ?? titles.error;
  return {
    found,
    searched,
    isLoading: searched !== typed || titles.isLoading || messages.isLoading,
    ...(error && { error }),
    hasMore: messages.hasMore,
    loadMore: messages.loadMore,
  };
}
