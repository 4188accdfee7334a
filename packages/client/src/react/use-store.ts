import { useSyncExternalStore } from 'react';

/** What a store tells now, and again after each change. `read` answers the same object while nothing changes. */
export function useStore<Value>(subscribe: (listener: () => void) => () => void, read: () => Value): Value {
  return useSyncExternalStore(subscribe, read, read);
}
