import { type RefObject, useEffect } from 'react';
import type { ComposerHandle } from '../composer/composer.tsx';

/**
 * Focuses the message box when a page opens. On touch devices it focuses the heading instead, because the
 * on-screen keyboard would cover the messages.
 */
export function useFocusOnArrival(composer: RefObject<ComposerHandle | null>): void {
  useEffect(() => focusOnArrival(composer.current), [composer]);
}

/** Moves the focus when a page is shown again. */
export function focusOnArrival(composer: { focus(): void } | null): void {
  const isTouch = matchMedia('(pointer: coarse)').matches;
  if (!isTouch) composer?.focus();
  else document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
}
