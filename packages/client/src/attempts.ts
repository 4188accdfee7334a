import { backoffMs } from './backoff.ts';
import { isRetryable, type ParleyError, toParleyError } from './parley-error.ts';
import { withTimeLimit } from './time-limit.ts';

/** What somebody waits for at a button is given up sooner than what is sent. */
const ATTEMPTS_MAX = 4;

/**
 * Makes a call until it succeeds, is refused for good, or has failed four times: then with the last error.
 *
 * @throws ParleyError
 */
export async function attempt<Result>(
  closed: AbortSignal,
  call: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  for (let failures = 1; ; failures++) {
    try {
      return await withTimeLimit(closed, call);
    } catch (thrown) {
      const error = toParleyError(thrown);
      if (closed.aborted || failures >= ATTEMPTS_MAX || !isRetryable(error)) throw error;
      await pause(pauseAfter(error, failures), closed);
    }
  }
}

/** How long to wait after so many failures, the last one being this. */
export function pauseAfter({ retryAfterMs }: ParleyError, failures: number, firstMs?: number): number {
  return retryAfterMs ?? backoffMs(failures, firstMs);
}

/** Resolves after so long, or when `closed` aborts. */
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
