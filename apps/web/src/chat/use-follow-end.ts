import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';

/** A position closer to the end than this counts as the end, in pixels. */
const endNearPx = 56;
/** Scrolling within this time after a wheel, touch or key event counts as the user's own, in milliseconds. */
const intentMs = 400;

/** The state of a scroll container that follows its end. */
export interface FollowEnd {
  readonly isAtEnd: boolean;
  readonly scrollToEnd: (behavior?: ScrollBehavior) => void;
  /** Leaves the position to the caller until the user or `scrollToEnd` goes to the end. */
  readonly stopFollowing: () => void;
}

/**
 * Keeps a scroll container at its end while its content grows, until the user scrolls up. Virtualization
 * scrolls too, but it changes the height at the same time.
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

  const stopFollowing = useCallback(() => follow(false), [follow]);

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

  return { isAtEnd, scrollToEnd, stopFollowing };
}
