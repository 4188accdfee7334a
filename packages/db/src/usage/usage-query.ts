import { filterOf, oneOf } from '../mapping/filter-of.ts';
import type { Scope } from '../scope.ts';
import type { UsageQuery } from './usage-records.ts';

/** The sums of a group of rows. */
export const sums = {
  turns: { $sum: '$turns' },
  calls: { $sum: '$calls' },
  inputTokens: { $sum: '$inputTokens' },
  outputTokens: { $sum: '$outputTokens' },
} as const;

/** The filter of the rows of a query within the scope. */
export function within({ team, user, agents }: Scope, { from, to }: UsageQuery) {
  return filterOf({ team, day: { $gte: from, $lte: to } }, { user, agent: oneOf(agents) });
}
