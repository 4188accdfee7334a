import { useCallback, useSyncExternalStore } from 'react';

/** Returns whether a media query matches. */
function useMediaQuery(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/** Returns true if the chat list fits beside the chat. */
export const useIsWide = (): boolean => useMediaQuery('(width >= 48rem)');
