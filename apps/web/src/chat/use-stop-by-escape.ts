import { useEffect } from 'react';

/**
 * Calls `stop` when Escape is pressed anywhere on the page while an answer is running, unless Escape closes a menu or a
 * dialog, clears the search, or ends an input method's composition.
 */
export function useStopByEscape(isAnswering: boolean, stop: () => void): void {
  useEffect(() => {
    if (!isAnswering) return;
    const events = new AbortController();
    const { signal } = events;
    let isForLayer = false;
    // A layer is closed before the event arrives at the document, so look for it before anything handles the event.
    const look = () => {
      isForLayer = document.querySelector('[role="dialog"], [role="menu"]') !== null;
    };
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.isComposing || isForLayer) return;
      event.preventDefault();
      stop();
    };
    window.addEventListener('keydown', look, { capture: true, signal });
    document.addEventListener('keydown', onKeyDown, { signal });
    return () => events.abort();
  }, [isAnswering, stop]);
}
