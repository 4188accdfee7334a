import { useSyncExternalStore } from 'react';

/** Subscribes a component to a store. `read` must return the same object while nothing changes. */
export function useStore<Value>(subscribe: (listener: () => void) => () => void, read: () => Value): Value {
  return useSyncExternalStore(subscribe, read, read);
}
