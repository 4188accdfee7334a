/** Ends one's turn: the next in line is let in. Calling it again does nothing. */
export type Leave = () => void;

/**
 * Lets one in at a time, in the order of arrival, and at most `waitingMax` more wait.
 *
 * @returns `enter`, which answers how to leave once it is one's turn, or nothing when too many wait already. It
 * rejects with the signal's reason when the waiting is given up.
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
