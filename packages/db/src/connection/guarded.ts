import { ApiError } from '@parley/contract';
import { toApiError } from './database-errors.ts';

/** The time limit of every call of a store. */
export const CALL_MS = 8_000;

type AsyncFunction = (...args: never[]) => Promise<unknown>;

/**
 * Wraps every function of a store, so that it throws `database_unavailable` for connection errors and after 8 seconds. The
 * driver's own limits apply to each of its steps; together they would be several times as long.
 */
export function guarded<Store extends object>(store: Store): Store {
  const entries = Object.entries(store).map(([name, call]: [string, AsyncFunction]) => [
    name,
    (...args: never[]) => inTime(() => call(...args)),
  ]);
  // The wrapped functions keep their types: only what they throw changes.
  return Object.fromEntries(entries) as Store;
}

/** Uses one promise per call, because every message passes here several times. */
function inTime<Result>(call: () => Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const cause = new Error(`The database did not answer within ${CALL_MS} ms.`);
      reject(new ApiError('database_unavailable', { cause }));
    }, CALL_MS);
    call().then(
      (result) => {
        clearTimeout(timer);
        resolve(result);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(toApiError(error));
      },
    );
  });
}
