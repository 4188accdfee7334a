import { type RefObject, useEffect, useRef } from 'react';
import type { TargetMessage } from './message-address.ts';

const focused = new WeakSet<TargetMessage>();

/** Returns a ref for the element of a message, which gets the focus once when the page has gone there. */
export function useFocusOnTarget(target: TargetMessage | undefined): RefObject<HTMLDivElement | null> {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!target || focused.has(target)) return;
    // A row is hidden until it is measured, and hidden elements get no focus.
    const focusWhenShown = () => {
      if (element.current?.checkVisibility({ visibilityProperty: true })) {
        focused.add(target);
        if (!isWriting()) element.current.focus({ preventScroll: true });
      } else frame = requestAnimationFrame(focusWhenShown);
    };
    let frame = requestAnimationFrame(focusWhenShown);
    return () => cancelAnimationFrame(frame);
  }, [target]);
  return element;
}

/** The user may have begun to write while the message was loaded. */
function isWriting(): boolean {
  const { activeElement } = document;
  return activeElement instanceof HTMLTextAreaElement && activeElement.value !== '';
}
