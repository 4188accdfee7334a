import type { Chat } from '@parley/contract';
import { useMutation } from '@tanstack/react-query';
import { useMemo } from 'react';
import { attempt } from '../attempts.ts';
import { ChatCache } from '../chat-cache.ts';
import { type ParleyError, toParleyError } from '../parley-error.ts';
import { useParley } from './provider.tsx';
import { trpc } from './trpc.ts';

/** What of a chat can be changed; what is left out stays as it is. */
export interface ChatUpdate {
  /** 1 to 200 characters, not blank. */
  readonly title?: string;
  /** Replaces all of it; at most 16 KiB as JSON. */
  readonly metadata?: NonNullable<Chat['metadata']>;
}

/** What `useChat` gives. */
export interface OneChat {
  readonly chat?: Chat;
  readonly isLoading: boolean;
  /** Why it cannot be read, or why the newest update failed. */
  readonly error?: ParleyError;
  /**
   * Shows the change at once, in lists too, and takes it back when it is refused.
   *
   * @throws ParleyError `invalid_input`, `chat_not_found`; `network` after its attempts
   */
  readonly update: (changes: ChatUpdate) => Promise<Chat>;
  readonly isUpdating: boolean;
}

/** One chat without its messages. */
export function useChat(chatId: string): OneChat {
  const parley = useParley();
  const cache = useMemo(() => new ChatCache(parley.queryClient), [parley.queryClient]);
  const query = trpc.chat.get.useQuery({ chatId, withMessages: false });
  const mutation = useMutation({
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
    // Not waited for: the change is made, or refused, whatever becomes of this.
    onSettled: () => void cache.refresh(chatId),
  });
  const error = mutation.error ?? query.error;
  // What a list tells of it is shown until it was read.
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
