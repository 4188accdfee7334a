import type { Feedback } from '@parley/contract';
import { useCallback } from 'react';
import type { ParleyError } from '../parley-error.ts';
import { useParley } from './provider.tsx';
import { useAction } from './use-action.ts';

/** The result of `useFeedback`. */
export interface UseFeedback {
  /**
   * Rates an answer, in place of an earlier rating, with a comment of at most 2,000 characters. The transcript shows it at
   * once (`feedback` of the answer). Never rejects: see `error`.
   */
  readonly rate: (messageId: string, feedback: Feedback) => Promise<void>;
  /** Takes a rating back. Never rejects: see `error`. */
  readonly takeBack: (messageId: string) => Promise<void>;
  readonly isSaving: boolean;
  /** The error of the newest change, until the next one. The former rating is shown again. */
  readonly error?: ParleyError;
}

/** Rates the answers of a chat. Requires a mounted `useMessages` of the same chat. */
export function useFeedback(chatId: string): UseFeedback {
  const { chats } = useParley();
  const { run, isRunning, error } = useAction(chatId);
  const rate = useCallback(
    (messageId: string, feedback: Feedback) => run(() => chats.of(chatId).rate(messageId, feedback)),
    [chats, chatId, run],
  );
  const takeBack = useCallback(
    (messageId: string) => run(() => chats.of(chatId).rate(messageId, undefined)),
    [chats, chatId, run],
  );
  return { rate, takeBack, isSaving: isRunning, ...(error && { error }) };
}
