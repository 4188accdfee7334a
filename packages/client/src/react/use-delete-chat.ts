import { useCallback } from 'react';
import type { ParleyError } from '../parley-error.ts';
import { useParley } from './provider.tsx';
import { useStore } from './use-store.ts';

/** What `useDeleteChat` gives. */
export interface DeleteChat {
  /** Takes a chat out of all lists, and deletes it five seconds later. */
  readonly remove: (chatId: string) => void;
  /** Brings it back; false when it is too late. */
  readonly undo: (chatId: string) => boolean;
  /** The chats that can still be brought back. */
  readonly pending: readonly string[];
  /** Deletes that failed; their chats are shown again. */
  readonly errors: ReadonlyMap<string, ParleyError>;
}

/** Deletes chats, with time to think again. */
export function useDeleteChat(): DeleteChat {
  const { deletes } = useParley();
  const subscribe = useCallback((listener: () => void) => deletes.subscribe(listener), [deletes]);
  const pending = useStore(subscribe, () => deletes.pending());
  const errors = useStore(subscribe, () => deletes.errors());
  const remove = useCallback((chatId: string) => deletes.schedule(chatId), [deletes]);
  const undo = useCallback((chatId: string) => deletes.undo(chatId), [deletes]);
  return { remove, undo, pending, errors };
}
