/** What the browser tells of the page and its network; elsewhere, that all is well. */
export interface Page {
  isOnline(): boolean;
  isHidden(): boolean;
  /** Calls back when one of both changed. Answers how to stop that. */
  onChange(listener: () => void): () => void;
  /** Calls back when the page is being left. Answers how to stop that. */
  onLeave(listener: () => void): () => void;
  /** Calls back once, before the next picture is painted. Answers how to take it back. */
  onNextFrame(listener: () => void): () => void;
}

/** How long a frame lasts where nothing is painted. */
const FRAME_MS = 16;

/** The page that this code runs in. */
export function browserPage(): Page {
  return {
    isOnline: () => globalThis.navigator?.onLine !== false,
    isHidden,
    onChange: (listener) => {
      const stops = [
        listen(globalThis, 'online', listener),
        listen(globalThis, 'offline', listener),
        listen(globalThis.document, 'visibilitychange', listener),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
    onLeave: (listener) => listen(globalThis, 'pagehide', listener),
    onNextFrame: (listener) => {
      // A hidden page is not painted: its frames never come.
      if (typeof globalThis.requestAnimationFrame === 'function' && !isHidden()) {
        const frame = requestAnimationFrame(listener);
        return () => cancelAnimationFrame(frame);
      }
      const timer = setTimeout(listener, FRAME_MS);
      return () => clearTimeout(timer);
    },
  };
}

function isHidden(): boolean {
  return globalThis.document?.visibilityState === 'hidden';
}

function listen(target: Partial<EventTarget> | undefined, type: string, listener: () => void): () => void {
  target?.addEventListener?.(type, listener);
  return () => target?.removeEventListener?.(type, listener);
}
