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
/** A frame that has not come by then will not come soon. */
const FRAME_MAX_MS = 250;

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
      // A hidden page is not painted, nor is a frame that its page has hidden, which is told nothing of that: their
      // frames never come.
      const hasFrames = typeof globalThis.requestAnimationFrame === 'function' && !isHidden();
      let frame: number | undefined;
      const stop = () => {
        clearTimeout(timer);
        if (frame !== undefined) cancelAnimationFrame(frame);
      };
      const show = () => {
        stop();
        listener();
      };
      const timer = setTimeout(show, hasFrames ? FRAME_MAX_MS : FRAME_MS);
      if (hasFrames) frame = requestAnimationFrame(show);
      return stop;
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
