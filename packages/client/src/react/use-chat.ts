import type { Chat } from '@parley/contract';
import { useMutation } from '@tanstack/react-query';
import { useMemo } from 'react';
import { attempt } from '../attempts.ts';
import { ChatCache, updateKeyOf } from '../chat-cache.ts';
import { type ParleyError, toParleyError } from '../parley-error.ts';
import { useParley } from './provider.tsx';
import { trpc } from './trpc.ts';

/** A chat that this page has just created or changed is not read again. */
const FRESH_MS = 5_000;

/** Changes of a chat. A field that is left out keeps its value. */
export interface ChatUpdate {
  /** 1 to 200 characters, not blank. */
  readonly title?: string;
  /** Replaces all metadata; at most 16 KiB as JSON. */
  readonly metadata?: NonNullable<Chat['metadata']>;
}

/** The result of `useChat`. */
export interface OneChat {
  readonly chat?: Chat;
  readonly isLoading: boolean;
  /** The reason why the chat cannot be loaded, or why the newest update failed. */
  readonly error?: ParleyError;
  /**
   * Shows the change at once, in lists too, and reverts it if the server rejects it.
   *
   * @throws ParleyError `invalid_input`, `chat_not_found`; `network` after all attempts failed
   */
  readonly update: (changes: ChatUpdate) => Promise<Chat>;
  readonly isUpdating: boolean;
}

/** Loads a chat without its messages. */
export function useChat(chatId: string): OneChat {
  const parley = useParley();
  const cache = useMemo(() => new ChatCache(parley.queryClient), [parley.queryClient]);
  const query = trpc.chat.get.useQuery({ chatId, withMessages: false }, { staleTime: FRESH_MS });
  const mutation = useMutation({
    mutationKey: updateKeyOf(chatId),
    mutationFn: (changes: ChatUpdate) =>
      attempt(parley.userSignal(), (signal) =>
        parley.trpc.chat.update.mutate({ chatId, ...changes }, { signal }),
      ),
    async onMutate(changes) {
      await cache.cancelReads();
      const before = cache.find(chatId);
      cache.change(chatId, (chat) => ({ ...chat, ...changes }));
      return before;
    },
    onError(_error, _changes, before) {
      if (before) cache.change(chatId, () => before);
    },
    onSuccess: (chat) => cache.change(chatId, () => chat),
    // Not awaited: the update is finished, whether or not the reload succeeds.
    onSettled: () => void cache.refresh(chatId),
  });
  const error = mutation.error ?? query.error;
  // Shows the version of a list until the chat itself is loaded.
  const chat: Chat | undefined = query.data ?? cache.find(chatId);
  return {
    ...(chat && { chat }),
    isLoading: query.isLoading && !chat,
    ...(error && { error: toParleyError(error) }),
    update: (changes) =>
      mutation.mutateAsync(changes).catch((thrown) => Promise.reject(toParleyError(thrown))),
    isUpdating: mutation.isPending,
  };
}
