import type { Id } from '@parley/contract';
import type { PageOf } from '../page.ts';
import type { Scope, SystemScope } from '../scope.ts';
import type { GoneTurn, UsageQuery, UsageSum } from './usage-records.ts';

/** What was used, by day: a sum for each agent, user, key and model of a team. */
export interface UsageStore {
  /**
   * Counts those of these turns that have ended and are not counted yet: each once, whoever else counts it at
   * the same time. Settles their reservations with it. Answers how many it counted.
   */
  count(turns: readonly Id<'turn'>[]): Promise<number>;
  /** Ended turns of all teams that are not counted, in the order of their ids, from after `after` on. */
  listUncounted(limit: number, after?: Id<'turn'>): Promise<Id<'turn'>[]>;
  /** Adds what a turn used that is gone. Its reservations were given back with its removal. Not repeatable. */
  add(scope: SystemScope, gone: GoneTurn): Promise<void>;
  /** Sums by one field, in its order, at most `limit`, from after the name `after` on; of the scope's user and agents. */
  list(
    scope: Scope,
    query: UsageQuery,
    page: { limit: number; after?: string },
  ): Promise<PageOf<UsageSum, string>>;
}
