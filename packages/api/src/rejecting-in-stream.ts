import { ApiError } from '@parley/contract';
import { toTrpcError } from './api-error-of.ts';

/** Converts an `ApiError` that a stream throws to a tRPC error with the same status. */
export async function* rejectingInStream<Item>(
  stream: AsyncGenerator<Item, void, undefined>,
): AsyncGenerator<Item, void, undefined> {
  try {
    yield* stream;
  } catch (error) {
    throw error instanceof ApiError ? toTrpcError(error) : error;
  }
}
