import { useParley } from './provider.tsx';
import { useStore } from './use-store.ts';

/** What `useConnection` gives. */
export interface Connection {
  /** Whether the device says that it has a network. What is sent is tried all the same. */
  readonly isOnline: boolean;
}

/** Whether there is a network. */
export function useConnection(): Connection {
  const { subscribeToOnline, isOnline } = useParley();
  return { isOnline: useStore(subscribeToOnline, isOnline) };
}
