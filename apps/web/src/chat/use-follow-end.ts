import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';

/** Nearer to the end than this counts as being there, in pixels. */
const endNearPx = 56;
/** For how long after a wheel, touch or key a move is taken as the person's own, in milliseconds. */
const intentMs = 400;

export interface FollowEnd {
  readonly isAtEnd: boolean;
  readonly scrollToEnd: (behavior?: ScrollBehavior) => void;
}

/**
 * Keeps a scroller at its end while what it holds grows, unless the person has scrolled away. Only moving up
 * counts as that: windowing moves the scroller too, but then its height changes in the same moment.
 */
export function useFollowEnd(scroller: RefObject<HTMLElement | null>): FollowEnd {
  const [isAtEnd, setIsAtEnd] = useState(true);
  const isFollowing = useRef(true);

  const follow = useCallback((value: boolean) => {
    isFollowing.current = value;
    setIsAtEnd(value);
  }, []);

  const scrollToEnd = useCallback(
    (behavior: ScrollBehavior = 'instant') => {
      follow(true);
      scroller.current?.scrollTo({ top: scroller.current.scrollHeight, behavior });
    },
    [follow, scroller],
  );

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    let last = { top: element.scrollTop, height: element.scrollHeight };
    let intendedAt = Number.NEGATIVE_INFINITY;
    const intend = () => {
      intendedAt = performance.now();
    };

    const onScroll = () => {
      const { scrollTop: top, scrollHeight: height, clientHeight } = element;
      const isNear = height - top - clientHeight <= endNearPx;
      const movedUpPx = last.top - top;
      const isOwnMove =
        height === last.height || performance.now() - intendedAt < intentMs || movedUpPx > clientHeight / 2;
      if (isNear) follow(true);
      else if (movedUpPx > 0 && isOwnMove) follow(false);
      last = { top, height };
    };
    const onGrowth = () => {
      if (isFollowing.current) element.scrollTop = element.scrollHeight;
    };

    const sizes = new ResizeObserver(onGrowth);
    sizes.observe(element);
    for (const child of element.children) sizes.observe(child);
    const intents = ['wheel', 'touchmove', 'keydown', 'pointerdown'] as const;
    for (const name of intents) element.addEventListener(name, intend, { passive: true });
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      sizes.disconnect();
      for (const name of intents) element.removeEventListener(name, intend);
      element.removeEventListener('scroll', onScroll);
    };
  }, [follow, scroller]);

  return { isAtEnd, scrollToEnd };
}
