import { networkError } from './parley-error.ts';

/** Calls that do not wait for an answer finish sooner. */
const TIME_LIMIT_MS = 30_000;

/**
 * Makes a call and aborts it after `limitMs` milliseconds, by default 30 seconds, or when `closed` aborts. Protects callers from connections
 * that hang.
 *
 * @throws ParleyError `network` on timeout; otherwise the error of the call
 */
export async function withTimeLimit<Result>(
  closed: AbortSignal,
  call: (signal: AbortSignal) => Promise<Result>,
  limitMs = TIME_LIMIT_MS,
): Promise<Result> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), limitMs);
  try {
    return await call(AbortSignal.any([closed, limit.signal]));
  } catch (error) {
    throw limit.signal.aborted && !closed.aborted ? networkError(error) : error;
  } finally {
    clearTimeout(timer);
  }
}
