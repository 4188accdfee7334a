import { ApiError, type Id } from '@parley/contract';
import type { TurnDeps } from '../dependencies.ts';

/**
 * Makes ended turns found by searches. A text that cannot be stored for the search is logged: it must not keep the usage of its
 * turn from being counted.
 *
 * @throws ApiError `database_unavailable`; it is tried again
 */
export async function makeFound(
  { store, log }: Pick<TurnDeps, 'store' | 'log'>,
  turns: readonly Id<'turn'>[],
): Promise<void> {
  try {
    await store.search.add(turns);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    log('error', 'messages could not be made found by the search', { turns: turns.length, error });
  }
}
