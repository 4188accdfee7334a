import { useParley } from './provider.tsx';
import { useStore } from './use-store.ts';

/** The result of `useConnection`. */
export interface Connection {
  /** The network state that the device reports. Messages are sent regardless of it. */
  readonly isOnline: boolean;
}

/** Returns the network state of the device. */
export function useConnection(): Connection {
  const { subscribeToOnline, isOnline } = useParley();
  return { isOnline: useStore(subscribeToOnline, isOnline) };
}
