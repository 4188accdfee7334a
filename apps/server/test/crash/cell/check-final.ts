import type { Lab } from '../lab/lab.ts';
import type { CellResult } from './cell-result.ts';
import type { ListWatch } from './list-watch.ts';
import { readTurns } from './observe.ts';

/**
 * An end is final: the turns of every cell must be the same as when it was judged, and access that was withdrawn must
 * stay withdrawn, even if a slow or suspended process has resumed since. All acknowledged writes are there, and the list that
 * `watch` has followed shows all uses of chats. Returns the violations.
 */
export async function checkFinal(
  lab: Lab,
  watch: ListWatch,
  results: readonly CellResult[],
): Promise<string[]> {
  const offences: string[] = [];
  for (const { name, turns } of results) {
    const chats = [...new Set(turns.map(({ chat }) => chat))];
    const before = JSON.stringify(turns);
    const now = JSON.stringify(await readTurns(lab, chats));
    if (now !== before) offences.push(`${name} changed after it was judged, from ${before} to ${now}`);
  }
  const finishing = results.flatMap(({ withdrawals }) => withdrawals.map((one) => one.finish()));
  const writing = results.flatMap(({ writes }) => writes.map((one) => one.check()));
  const later = await Promise.all([...finishing, ...writing]);
  const background = await watch.check(results.flatMap(({ turns }) => turns));
  return [...offences, ...later.flat(), ...background];
}
