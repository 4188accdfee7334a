import { useCallback, useMemo } from 'react';
import type { ChatView } from '../parley.ts';
import { useParley } from './provider.tsx';
import { useStore } from './use-store.ts';

/** What `useMessages` gives: a view of the chat, and how to see more of it. */
export interface Messages extends ChatView {
  /** Reads the next older page. Never rejects: see `error`. */
  readonly loadOlder: () => Promise<void>;
  /** An answer is being written, or waits to be. */
  readonly isAnswering: boolean;
}

/** What a chat shows, kept up to date by its stream as long as the component is mounted. */
export function useMessages(chatId: string): Messages {
  const { chats } = useParley();
  const subscribe = useCallback(
    (listener: () => void) => chats.of(chatId).subscribe(listener),
    [chats, chatId],
  );
  const view = useStore(subscribe, () => chats.of(chatId).view());
  const loadOlder = useCallback(() => chats.of(chatId).loadOlder(), [chats, chatId]);
  return useMemo(() => ({ ...view, loadOlder, isAnswering: view.running !== undefined }), [view, loadOlder]);
}
