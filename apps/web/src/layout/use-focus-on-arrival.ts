import { type RefObject, useEffect } from 'react';
import type { ComposerHandle } from '../composer/composer.tsx';

/**
 * Whoever arrives at a page wants to write. With a finger the keyboard would cover what one came to read: there
 * the page's heading takes the focus, so that a screen reader starts with it.
 */
export function useFocusOnArrival(composer: RefObject<ComposerHandle | null>): void {
  useEffect(() => focusOnArrival(composer.current), [composer]);
}

/** The same, where a page is come back to. */
export function focusOnArrival(composer: { focus(): void } | null): void {
  const isTouch = matchMedia('(pointer: coarse)').matches;
  if (!isTouch) composer?.focus();
  else document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
}
