/**
 * Returns the next position of a mark, or the length of the text. Positions must be requested from left to
 * right.
 */
export type Find = (mark: string, from: number) => number;

/** Caches the next position of each mark, so that all searches together read the text once. */
export function createFinder(text: string): Find {
  const nextOf = new Map<string, number>();
  return (mark, from) => {
    const known = nextOf.get(mark);
    if (known !== undefined && known >= from) return known;
    const found = text.indexOf(mark, from);
    const next = found === -1 ? text.length : found;
    nextOf.set(mark, next);
    return next;
  };
}

/**
 * Returns the end of the code span that starts at a position: after the next run of the same number of
 * backticks, or after the backticks themselves if there is none (CommonMark, "Code spans").
 */
export function createCodeFinder(text: string): (at: number) => number {
  let ends: Map<number, number> | undefined;
  return (at) => {
    ends ??= pairBackticks(text);
    return ends.get(at) ?? at + 1;
  };
}

function pairBackticks(text: string): Map<number, number> {
  const ends = new Map<number, number>();
  const openOfLength = new Map<number, number>();
  for (const { 0: run, index } of text.matchAll(/`+/g)) {
    ends.set(index, index + run.length);
    const before = openOfLength.get(run.length);
    if (before !== undefined) ends.set(before, index + run.length);
    openOfLength.set(run.length, index);
  }
  return ends;
}
