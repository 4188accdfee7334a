import type { Chat, CreateChatInput } from '@parley/contract';
import { useMutation } from '@tanstack/react-query';
import { useCallback } from 'react';
import { attempt } from '../attempts.ts';
import { ChatCache } from '../chat-cache.ts';
import { mintKey } from '../mint-key.ts';
import type { ParleyError } from '../parley-error.ts';
import { toParleyError } from '../parley-error.ts';
import { useParley } from './provider.tsx';

/** The result of `useCreateChat`. */
export interface CreateChat {
  /**
   * Creates one chat, exactly once over all attempts.
   *
   * @throws ParleyError `agent_not_found`, `invalid_input`; `network` after all attempts failed
   */
  readonly create: (input: CreateChatInput) => Promise<Chat>;
  readonly isCreating: boolean;
  readonly error?: ParleyError;
}

/** Creates chats. A new chat appears at the top of the lists at once. */
export function useCreateChat(): CreateChat {
  const { trpc, queryClient, userSignal } = useParley();
  const { mutateAsync, isPending, error } = useMutation({
    mutationFn: (input: CreateChatInput) => {
      const context = { idempotencyKey: mintKey() };
      return attempt(userSignal(), (signal) => trpc.chat.create.mutate(input, { signal, context }));
    },
    onSuccess: (chat) => new ChatCache(queryClient).add(chat),
  });
  const create = useCallback((input: CreateChatInput) => mutateAsync(input), [mutateAsync]);
  return { create, isCreating: isPending, ...(error && { error: toParleyError(error) }) };
}
