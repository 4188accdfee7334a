import { checkHistory } from '@parley/turns/testing';
import { checkEnds } from './check-ends.ts';
import { checkFollowers } from './check-followers.ts';
import { checkLists } from './check-lists.ts';
import { checkLoad } from './check-load.ts';
import { checkRetention } from './check-retention.ts';
import { checkShown } from './check-shown.ts';
import type { CellHistory } from './history.ts';
import { toHistory } from './to-history.ts';

/**
 * Returns the violations of promises in a cell, as sentences. `checkHistory` has the rules for every history; these
 * rules need times, servers and the behavior of a correct client.
 */
export function judge(cell: CellHistory): string[] {
  return [
    ...checkHistory(toHistory(cell)),
    ...checkEnds(cell),
    ...checkLists(cell),
    ...checkShown(cell),
    ...checkFollowers(cell),
    ...checkRetention(cell),
    ...checkLoad(cell),
    ...cell.troubles,
  ];
}
