import { ApiError } from '@parley/contract';
import { mongo } from 'mongoose';
import { isDuplicateKeyCode } from '../connection/database-errors.ts';
import type { Outcome } from './batcher.ts';
import type { EndedMany, InsertOutcome } from './write-batches.ts';

/**
 * The outcome of each document of an unordered `insertMany` that failed. The server names the rejected ones.
 *
 * @throws the error when it concerns the whole command
 */
export function insertOutcomes(error: unknown, count: number): Outcome<InsertOutcome>[] {
  const { rejected, unknown } = rejectionsOf(error);
  return Array.from({ length: count }, (_, index): Outcome<InsertOutcome> => {
    const rejection = rejected.get(index);
    if (rejection) return isDuplicateKeyCode(rejection.code) ? { result: 'duplicate' } : { error: rejection };
    return unknown ? { error: unknown } : { result: 'inserted' };
  });
}

/**
 * The outcome of an unordered `bulkWrite` of updates that failed for some of them.
 *
 * @throws the error when it concerns the whole command
 */
export function updateErrors(error: unknown): EndedMany {
  const { rejected, unknown, matched } = rejectionsOf(error);
  if (unknown) throw unknown;
  return { ended: matched, errors: rejected };
}

function rejectionsOf(error: unknown) {
  if (!(error instanceof mongo.MongoBulkWriteError)) throw error;
  // If there is a write concern error too, the error itself does not list them.
  const writeErrors = error.result.getWriteErrors();
  const isUnacknowledged = error.result.getWriteConcernError() !== undefined;
  // The driver also wraps a lost connection, and then lists no writes.
  if (writeErrors.length === 0 && !isUnacknowledged) throw error;
  return {
    rejected: new Map(writeErrors.map(({ index, code, errmsg }) => [index, toServerError(code, errmsg)])),
    /** A majority did not acknowledge the writes that were not rejected. */
    unknown: isUnacknowledged ? new ApiError('database_unavailable', { cause: error }) : undefined,
    matched: error.result.matchedCount,
  };
}

function toServerError(code: number, errmsg: string | undefined): mongo.MongoServerError {
  return new mongo.MongoServerError({ message: errmsg ?? 'the write failed', code });
}
