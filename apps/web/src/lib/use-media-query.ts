import { useCallback, useSyncExternalStore } from 'react';

/** Whether a media query holds, told anew when that changes. */
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

/** Room for the chat list beside the chat. */
export const useIsWide = (): boolean => useMediaQuery('(width >= 48rem)');
