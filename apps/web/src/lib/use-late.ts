import { useEffect, useState } from 'react';

/** `true` once `isOn` has held for `delayMs`: what passes sooner is not worth a flicker. */
export function useLate(isOn: boolean, delayMs: number): boolean {
  const [isLate, setIsLate] = useState(false);
  useEffect(() => {
    if (!isOn) return setIsLate(false);
    const timer = setTimeout(() => setIsLate(true), delayMs);
    return () => clearTimeout(timer);
  }, [isOn, delayMs]);
  return isOn && isLate;
}
