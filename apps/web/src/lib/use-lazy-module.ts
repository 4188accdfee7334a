import { useEffect, useSyncExternalStore } from 'react';
import type { LazyModule } from './lazy-module.ts';

/** Loads a module when `isWanted` is true. Returns undefined until it is loaded. */
export function useLazyModule<Module>(lazy: LazyModule<Module>, isWanted: boolean): Module | undefined {
  const module = useSyncExternalStore(lazy.subscribe, lazy.current);
  useEffect(() => {
    if (isWanted) void lazy.want();
  }, [isWanted, lazy]);
  return isWanted ? module : undefined;
}
