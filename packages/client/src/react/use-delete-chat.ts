import { useCallback } from 'react';
import type { ParleyError } from '../parley-error.ts';
import { useParley } from './provider.tsx';
import { useStore } from './use-store.ts';

/** The result of `useDeleteChat`. */
export interface DeleteChat {
  /** Hides a chat in all lists and deletes it ten seconds later. */
  readonly remove: (chatId: string) => void;
  /** Cancels the delete. Returns false if it is too late. */
  readonly undo: (chatId: string) => boolean;
  /** The chats whose delete can still be undone. */
  readonly pending: readonly string[];
  /** Failed deletes; their chats are visible again. */
  readonly errors: ReadonlyMap<string, ParleyError>;
}

/** Deletes chats with time to undo. */
export function useDeleteChat(): DeleteChat {
  const { deletes } = useParley();
  const subscribe = useCallback((listener: () => void) => deletes.subscribe(listener), [deletes]);
  const pending = useStore(subscribe, () => deletes.pending());
  const errors = useStore(subscribe, () => deletes.errors());
  const remove = useCallback((chatId: string) => deletes.schedule(chatId), [deletes]);
  const undo = useCallback((chatId: string) => deletes.undo(chatId), [deletes]);
  return { remove, undo, pending, errors };
}
