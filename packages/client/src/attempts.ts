import { backoffMs } from './backoff.ts';
import { isRetryable, type ParleyError, toParleyError } from './parley-error.ts';
import { withTimeLimit } from './time-limit.ts';

/** A person waits for the result, so these calls are given up earlier than messages. */
const ATTEMPTS_MAX = 4;

/**
 * Makes a call until it succeeds, is rejected permanently, or has failed four times.
 *
 * @throws ParleyError of the last attempt
 */
export async function attempt<Result>(
  closed: AbortSignal,
  call: (signal: AbortSignal) => Promise<Result>,
  limitMs?: number,
): Promise<Result> {
  for (let failures = 1; ; failures++) {
    try {
      return await withTimeLimit(closed, call, limitMs);
    } catch (thrown) {
      const error = toParleyError(thrown);
      if (closed.aborted || failures >= ATTEMPTS_MAX || !isRetryable(error)) throw error;
      await pause(pauseAfter(error, failures), closed);
    }
  }
}

/**
 * Returns the milliseconds to wait after `failures` failed attempts in a row. A time that the server asked
 * for takes precedence.
 */
export function pauseAfter({ retryAfterMs }: ParleyError, failures: number, firstMs?: number): number {
  return retryAfterMs ?? backoffMs(failures, firstMs);
}

/** Resolves after `ms` milliseconds, or as soon as `closed` aborts. */
export function pause(ms: number, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      closed.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    closed.addEventListener('abort', end);
  });
}
