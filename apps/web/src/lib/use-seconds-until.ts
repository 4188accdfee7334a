import { useEffect, useState } from 'react';

/** Returns the whole seconds until a time (ISO 8601), counted down; 0 once it has passed, or without one. */
export function useSecondsUntil(time: string | undefined): number {
  const [now, setNow] = useState(Date.now);
  const end = time === undefined ? 0 : Date.parse(time);
  useEffect(() => {
    setNow(Date.now());
    if (end <= Date.now()) return;
    const timer = setInterval(() => {
      setNow(Date.now());
      if (end <= Date.now()) clearInterval(timer);
    }, 1_000);
    return () => clearInterval(timer);
  }, [end]);
  return Math.max(Math.ceil((end - now) / 1_000), 0);
}
