import { networkError } from './parley-error.ts';

/** Calls that do not wait for an answer finish sooner. */
const TIME_LIMIT_MS = 30_000;

/**
 * Makes a call and aborts it after 30 seconds, or when `closed` aborts. Protects callers from connections
 * that hang.
 *
 * @throws ParleyError `network` on timeout; otherwise the error of the call
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
