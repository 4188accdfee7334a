import { useEffect } from 'react';

/** Marks the entry of the browser's history that belongs to an open drawer or search. */
interface DrawerEntry {
  readonly isDrawer: true;
}

const isDrawerEntry = (state: unknown): state is DrawerEntry =>
  typeof state === 'object' && state !== null && 'isDrawer' in state;

/**
 * Gives what is open above the page one entry in the browser's history, so that Back closes it instead of leaving the page.
 * Its links replace this entry.
 */
export function useBackCloses(isOpen: boolean, close: () => void): void {
  useEffect(() => {
    if (!isOpen) return;
    const entry: DrawerEntry = { isDrawer: true };
    history.pushState(entry, '');
    window.addEventListener('popstate', close);
    return () => {
      window.removeEventListener('popstate', close);
      if (isDrawerEntry(history.state)) history.back();
    };
  }, [isOpen, close]);
}
