import { useLayoutEffect, useRef } from 'react';

/** Whether this rendering puts entries before those of the last one: then the position is kept from the end. */
export function useIsPrepending(keys: readonly string[]): boolean {
  const first = useRef<string | undefined>(undefined);
  const isPrepending =
    first.current !== undefined && keys[0] !== first.current && keys.includes(first.current);
  useLayoutEffect(() => {
    first.current = keys[0];
  });
  return isPrepending;
}
