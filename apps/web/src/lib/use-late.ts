import { useEffect, useState } from 'react';

/** Returns true once `isOn` has been true for `delayMs`. Use it to avoid flicker. */
export function useLate(isOn: boolean, delayMs: number): boolean {
  const [isLate, setIsLate] = useState(false);
  useEffect(() => {
    if (!isOn) return setIsLate(false);
    const timer = setTimeout(() => setIsLate(true), delayMs);
    return () => clearTimeout(timer);
  }, [isOn, delayMs]);
  return isOn && isLate;
}
