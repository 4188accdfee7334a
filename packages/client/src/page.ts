/** The state of the browser page and its network. Outside a browser the page counts as online and visible. */
export interface Page {
  isOnline(): boolean;
  isHidden(): boolean;
  /**
   * Calls `listener` when the network state or the visibility changes. Returns a function that stops this.
   */
  onChange(listener: () => void): () => void;
  /** Calls `listener` when the page is being closed. Returns a function that stops this. */
  onLeave(listener: () => void): () => void;
  /** Calls `listener` once before the next paint. Returns a function that cancels this. */
  onNextFrame(listener: () => void): () => void;
}

/** The interval that replaces animation frames where the browser paints nothing. */
const FRAME_MS = 16;
/** The longest wait for a frame. */
const FRAME_MAX_MS = 250;

/** Returns the page that this code runs in. */
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
      // Hidden pages, and hidden frames (which do not know that they are hidden), never get an animation
      // frame.
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
