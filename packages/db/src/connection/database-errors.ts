import { ApiError } from '@parley/contract';
import { mongo } from 'mongoose';

const DUPLICATE_KEY = 11_000;

/** MongoDB's codes for a node that cannot serve just now (stepping down, shutting down, time out of the pool). */
const AWAY_CODES: ReadonlySet<number | string | undefined> = new Set([
  6, 7, 50, 64, 89, 91, 133, 134, 189, 262, 9001, 10_058, 10_107, 11_600, 11_602, 13_435, 13_436,
]);

/** The driver's and Mongoose's errors for a server that is not found, or a connection that is closed. */
const AWAY_NAMES: ReadonlySet<string> = new Set([
  'DisconnectedError',
  'MongoClientClosedError',
  'MongoExpiredSessionError',
  'MongoNotConnectedError',
  'MongoOperationTimeoutError',
  'MongoPoolClosedError',
  'MongoServerClosedError',
  'MongoServerSelectionError',
  'MongoTopologyClosedError',
  'MongoWaitQueueTimeoutError',
  'MongooseServerSelectionError',
]);

/** Node's codes for a connection that ended, which the driver passes on if it was just writing. */
const SOCKET_CODES: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
  'ETIMEDOUT',
]);

/** Whether a write failed because a unique index already holds its value. The server names only one index. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof mongo.MongoServerError && isDuplicateKeyCode(error.code);
}

/** Whether this is MongoDB's code for a duplicate key. */
export function isDuplicateKeyCode(code: number | string | undefined): boolean {
  return code === DUPLICATE_KEY;
}

/** Converts connection errors to `database_unavailable`. Every other error is a bug and stays as it is. */
export function toApiError(error: unknown): unknown {
  return isConnectionError(error) ? new ApiError('database_unavailable', { cause: error }) : error;
}

/**
 * Whether an error says that the database could not be reached or could not acknowledge: the outcome of a
 * write is then unknown.
 */
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof mongo.MongoNetworkError || AWAY_NAMES.has(error.name)) return true;
  if ('code' in error && SOCKET_CODES.has(error.code)) return true;
  if (!(error instanceof mongo.MongoServerError)) return false;
  // An insert wraps every error, also a lost connection, in an error of the server.
  const wrapped: unknown = error.errorResponse;
  return (
    error instanceof mongo.MongoWriteConcernError ||
    error.hasErrorLabel('RetryableWriteError') ||
    AWAY_CODES.has(error.code) ||
    (wrapped !== error && isConnectionError(wrapped))
  );
}
