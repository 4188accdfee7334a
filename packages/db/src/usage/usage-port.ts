import type { Id } from '@parley/contract';
import type { PageOf } from '../page.ts';
import type { Scope, SystemScope } from '../scope.ts';
import type { DeletedTurn, UncountedTurn, UsageQuery, UsageSum } from './usage-records.ts';

/** The usage of a team by day: a sum for each agent, user, key and model. */
export interface UsageStore {
  /**
   * Counts those of these turns that have ended and are not counted yet, and settles their reservations. Each is counted
   * once, also if several processes count it at the same time. Returns the number of turns that were counted.
   */
  count(turns: readonly Id<'turn'>[]): Promise<number>;
  /** At most `limit` ended turns of all teams that are not counted, after `after` in the order of their ids. */
  listUncounted(limit: number, after?: Id<'turn'>): Promise<UncountedTurn[]>;
  /** Adds the usage of a deleted turn. Its removal gave its reservations back. Call it once: a repetition counts twice. */
  add(scope: SystemScope, turn: DeletedTurn): Promise<void>;
  /** At most `limit` sums by one field, in its order, after the name `after`. Only of the scope's user and agents. */
  list(
    scope: Scope,
    query: UsageQuery,
    page: { limit: number; after?: string },
  ): Promise<PageOf<UsageSum, string>>;
}
