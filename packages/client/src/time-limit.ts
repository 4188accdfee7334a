import { networkError } from './parley-error.ts';

/** Longer than any call takes that does not wait for an answer. */
const TIME_LIMIT_MS = 30_000;

/**
 * Makes a call that is given up after 30 seconds, or when `closed` aborts. A connection that says nothing any
 * more would hold whoever waits for it.
 *
 * @throws ParleyError `network` when the time is up; whatever the call throws otherwise
 */
export async function withTimeLimit<Result>(
  closed: AbortSignal,
  call: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), TIME_LIMIT_MS);
  try {
    return await call(AbortSignal.any([closed, limit.signal]));
  } catch (error) {
    throw limit.signal.aborted && !closed.aborted ? networkError(error) : error;
  } finally {
    clearTimeout(timer);
  }
}
