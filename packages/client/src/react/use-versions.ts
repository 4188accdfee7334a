import { useCallback } from 'react';
import type { ParleyError } from '../parley-error.ts';
import { useParley } from './provider.tsx';
import { useAction } from './use-action.ts';

/** The result of `useVersions`. */
export interface UseVersions {
  /** Generates an ended answer again. Never rejects: see `error`. */
  readonly regenerate: (answerId: string) => Promise<void>;
  /** Replaces a user's message. The chat shows the new one with its answer. Never rejects: see `error`. */
  readonly replace: (messageId: string, content: string) => Promise<void>;
  /** Shows a version of a message or an answer (`siblings.ids`), with what follows it. Never rejects: see `error`. */
  readonly choosePath: (messageId: string) => Promise<void>;
  /** True while one of these requests is running. */
  readonly isChanging: boolean;
  /** The error of the newest change, until the next one. The transcript shows what it showed before. */
  readonly error?: ParleyError;
}

/** Makes and chooses versions of messages and answers. Requires a mounted `useMessages` of the same chat. */
export function useVersions(chatId: string): UseVersions {
  const { chats } = useParley();
  const { run, isRunning, error } = useAction(chatId);
  const regenerate = useCallback(
    (answerId: string) => run(() => chats.of(chatId).retry(answerId)),
    [chats, chatId, run],
  );
  const replace = useCallback(
    (messageId: string, content: string) => run(() => chats.of(chatId).replace(messageId, content)),
    [chats, chatId, run],
  );
  const choosePath = useCallback(
    (messageId: string) => run(() => chats.of(chatId).choosePath(messageId)),
    [chats, chatId, run],
  );
  return { regenerate, replace, choosePath, isChanging: isRunning, ...(error && { error }) };
}
