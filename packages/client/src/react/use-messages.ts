import { useCallback, useMemo } from 'react';
import type { ChatView } from '../parley.ts';
import { useParley } from './provider.tsx';
import { useStore } from './use-store.ts';

/** The result of `useMessages`: the view of the chat. */
export interface Messages extends ChatView {
  /** Loads the next older page. Never rejects: see `error`. */
  readonly loadOlder: () => Promise<void>;
  /**
   * Loads older messages until `entries` will contain this message. Resolves to false if the chat does not show it, or if
   * messages cannot be loaded. Never rejects: see `error`.
   */
  readonly loadBackTo: (messageId: string) => Promise<boolean>;
  /** True while an answer is waiting or being generated. */
  readonly isAnswering: boolean;
}

/** Loads a chat's messages and keeps them up to date while the component is mounted. */
export function useMessages(chatId: string): Messages {
  const { chats } = useParley();
  const subscribe = useCallback(
    (listener: () => void) => chats.of(chatId).subscribe(listener),
    [chats, chatId],
  );
  const view = useStore(subscribe, () => chats.of(chatId).view());
  const loadOlder = useCallback(() => chats.of(chatId).loadOlder(), [chats, chatId]);
  const loadBackTo = useCallback(
    (messageId: string) => chats.of(chatId).loadBackTo(messageId),
    [chats, chatId],
  );
  return useMemo(
    () => ({ ...view, loadOlder, loadBackTo, isAnswering: view.running !== undefined }),
    [view, loadOlder, loadBackTo],
  );
}
