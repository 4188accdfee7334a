import { checkHistory } from '@parley/turns/testing';
import { checkEnds } from './check-ends.ts';
import { checkFollowers } from './check-followers.ts';
import { checkLists } from './check-lists.ts';
import { checkShown } from './check-shown.ts';
import type { CellHistory } from './history.ts';
import { toHistory } from './to-history.ts';

/**
 * What in a cell breaks a promise, as sentences; none when all are kept. The rules of every history are
 * `checkHistory`'s; here are those that need times, servers and what a good client does.
 */
export function judge(cell: CellHistory): string[] {
  return [
    ...checkHistory(toHistory(cell)),
    ...checkEnds(cell),
    ...checkLists(cell),
    ...checkShown(cell),
    ...checkFollowers(cell),
    ...cell.troubles,
  ];
}
