import { Refusal } from '@parley/contract';
import { toTrpcError } from './refusal-of.ts';

/** What a stream refuses in its middle becomes a tRPC error with the right status. */
export async function* refusingInStream<Item>(
  stream: AsyncGenerator<Item, void, undefined>,
): AsyncGenerator<Item, void, undefined> {
  try {
    yield* stream;
  } catch (error) {
    throw error instanceof Refusal ? toTrpcError(error) : error;
  }
}
