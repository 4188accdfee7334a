/** Leaves, so that the next caller may enter. A second call has no effect. */
export type Leave = () => void;

/**
 * Creates a lock that admits one caller at a time, in the order of arrival, with at most `waitingMax` waiting.
 *
 * @returns `enter`, which resolves to the function that leaves, or to `undefined` when too many callers are waiting. It
 * rejects with the signal's reason when the caller stops waiting.
 */
export function oneAtATime(waitingMax: number): (signal: AbortSignal) => Promise<Leave | undefined> {
  const waiting = new Set<() => void>();
  let occupied = false;

  const letIn = (): Leave => {
    occupied = true;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      occupied = false;
      const [next] = waiting;
      next?.();
    };
  };

  return async (signal) => {
    signal.throwIfAborted();
    if (!occupied) return letIn();
    if (waiting.size >= waitingMax) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<Leave>();
    const enter = () => {
      waiting.delete(enter);
      resolve(letIn());
    };
    const giveUp = () => {
      waiting.delete(enter);
      reject(signal.reason);
    };
    waiting.add(enter);
    signal.addEventListener('abort', giveUp, { once: true });
    return promise.finally(() => signal.removeEventListener('abort', giveUp));
  };
}
