import { ApiError } from '@parley/contract';
import { toTrpcError } from './api-error-of.ts';

/** What a stream rejects in its middle becomes a tRPC error with the right status. */
export async function* rejectingInStream<Item>(
  stream: AsyncGenerator<Item, void, undefined>,
): AsyncGenerator<Item, void, undefined> {
  try {
    yield* stream;
  } catch (error) {
    throw error instanceof ApiError ? toTrpcError(error) : error;
  }
}
