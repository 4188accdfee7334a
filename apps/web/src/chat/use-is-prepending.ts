import { useLayoutEffect, useRef } from 'react';

/**
 * Returns true if this render adds entries before the previous ones: the scroll position is then kept
 * relative to the end.
 */
export function useIsPrepending(keys: readonly string[]): boolean {
  const first = useRef<string | undefined>(undefined);
  const isPrepending =
    first.current !== undefined && keys[0] !== first.current && keys.includes(first.current);
  useLayoutEffect(() => {
    first.current = keys[0];
  });
  return isPrepending;
}
