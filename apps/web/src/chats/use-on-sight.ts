import { type RefObject, useEffect, useRef } from 'react';

/** Calls `onSight` when the element comes near the viewport, while `isWanted` is true. */
export function useOnSight(isWanted: boolean, onSight: () => void): RefObject<HTMLDivElement | null> {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isWanted || !element.current) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && onSight(), {
      rootMargin: '400px',
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [isWanted, onSight]);
  return element;
}
