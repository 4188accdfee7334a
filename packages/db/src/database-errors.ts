import { Refusal } from '@parley/contract';
import { mongo } from 'mongoose';

const DUPLICATE_KEY = 11_000;

/** MongoDB's codes for a node that cannot serve just now (stepping down, shutting down, time out of the pool). */
const AWAY_CODES: ReadonlySet<number | string | undefined> = new Set([
  6, 7, 50, 64, 89, 91, 189, 262, 9001, 10_058, 10_107, 11_600, 11_602, 13_435, 13_436,
]);

/** Whether a write failed because a unique index already holds its value; names the index. */
export function duplicateKeyIndex(error: unknown): string | undefined {
  if (!(error instanceof mongo.MongoServerError) || error.code !== DUPLICATE_KEY) return undefined;
  const pattern: unknown = error['keyPattern'];
  return typeof pattern === 'object' && pattern !== null ? Object.keys(pattern).join(',') : '';
}

/**
 * Whether an error says that the database could not be reached or could not acknowledge: the outcome of a
 * write is then unknown.
 */
function isAway(error: unknown): boolean {
  if (error instanceof mongo.MongoServerError) {
    if (error.hasErrorLabel('RetryableWriteError') || AWAY_CODES.has(error.code)) return true;
    return error instanceof mongo.MongoWriteConcernError;
  }
  if (!(error instanceof Error)) return false;
  return (
    error instanceof mongo.MongoNetworkError ||
    error instanceof mongo.MongoServerSelectionError ||
    error instanceof mongo.MongoOperationTimeoutError ||
    error.name === 'MongoPoolClearedError' ||
    error instanceof mongo.MongoNotConnectedError ||
    error instanceof mongo.MongoTopologyClosedError ||
    error.name === 'MongooseServerSelectionError' ||
    error.name === 'MongoWaitQueueTimeoutError' ||
    error.name === 'MongoConnectionPoolClosedError' ||
    error.name === 'MongoClientClosedError' ||
    error.name === 'DisconnectedError'
  );
}

/** Translates what the driver throws: "away" becomes a registered refusal, everything else is a bug and stays. */
function translate(error: unknown): unknown {
  return isAway(error) ? new Refusal('database_unavailable', { cause: error }) : error;
}

type AsyncFunction = (...args: never[]) => Promise<unknown>;

/** Wraps every function of a store so that an unreachable database is one refusal, in one place. */
export function guarded<Store extends object>(store: Store): Store {
  const entries = Object.entries(store).map(([name, call]: [string, AsyncFunction]) => [
    name,
    async (...args: never[]) => {
      try {
        return await call(...args);
      } catch (error) {
        throw translate(error);
      }
    },
  ]);
  // The wrapped functions keep their types: only what they throw changes.
  return Object.fromEntries(entries) as Store;
}
