/*
 * The path of a turn: the sequences of the turns from the first one of its chat to itself, as ranges. `[1, 4, 9, 9]` has the
 * turns 1 to 4 and 9. Each turn follows an earlier one, so the sequences of a path increase.
 */

/** Ranges of sequences: the first and the last one of each, in order. Without ranges it is the path of no turn. */
export type Path = readonly number[];

/** A turn with its place. A turn that stores no path follows every turn before it. */
export interface Placed {
  readonly sequence: number;
  readonly path?: Path | undefined;
}

/** A range of a path, with both ends. */
export interface PathRange {
  readonly first: number;
  readonly last: number;
}

/** The path of a turn. */
export function pathOf({ sequence, path }: Placed): Path {
  return path ?? straightPath(sequence);
}

/** The path of a turn that follows every turn before it. */
export function straightPath(sequence: number): Path {
  return sequence > 0 ? [1, sequence] : [];
}

/** Whether a path has every turn up to its last one. */
export function isStraight(path: Path): boolean {
  return path.length <= 2 && (path[0] ?? 1) === 1;
}

/** The number of ranges of a path. */
export function rangesOf(path: Path): number {
  return path.length / 2;
}

/** The sequence of the last turn of a path; 0 if it has none. */
export function lastOf(path: Path): number {
  return path.at(-1) ?? 0;
}

/** A path with one more turn behind its last one. */
export function extendPath(path: Path, sequence: number): Path {
  const last = lastOf(path);
  if (sequence <= last) throw new Error(`turn ${sequence} does not follow turn ${last}`);
  return path.length > 0 && sequence === last + 1
    ? [...path.slice(0, -1), sequence]
    : [...path, sequence, sequence];
}

/** The turns of a path before a sequence. */
export function pathBefore(path: Path, sequence: number): Path {
  const before: number[] = [];
  for (const { first, last } of eachRange(path)) {
    if (first >= sequence) break;
    before.push(first, Math.min(last, sequence - 1));
  }
  return before;
}

/** Whether a path has a turn. */
export function isOnPath(path: Path, sequence: number): boolean {
  for (const { first, last } of eachRange(path)) if (first <= sequence && sequence <= last) return true;
  return false;
}

/** The ranges of at most `count` turns of a path: the first ones from `from` on, oldest first. */
export function firstRanges(path: Path, from: number, count: number): PathRange[] {
  const ranges: PathRange[] = [];
  let left = count;
  for (const range of eachRange(path)) {
    if (left === 0) break;
    if (range.last < from) continue;
    const first = Math.max(range.first, from);
    const last = Math.min(range.last, first + left - 1);
    ranges.push({ first, last });
    left -= last - first + 1;
  }
  return ranges;
}

/** The ranges of at most `count` turns of a path: the last ones up to `to`, newest first. */
export function lastRanges(path: Path, to: number, count: number): PathRange[] {
  const ranges: PathRange[] = [];
  let left = count;
  for (const range of [...eachRange(path)].reverse()) {
    if (left === 0) break;
    if (range.first > to) continue;
    const last = Math.min(range.last, to);
    const first = Math.max(range.first, last - left + 1);
    ranges.push({ first, last });
    left -= last - first + 1;
  }
  return ranges;
}

/** A turn with its place, and the turn that it answers again. */
export interface PlacedTurn extends Placed {
  readonly parent?: number | undefined;
  readonly isRetry: boolean;
}

/**
 * The path of a turn that answers the message of an answered turn again. A retry directly behind that turn adds no range. Any
 * other one takes the place of an earlier version, whose turn the path leaves out. A retry without a parent is of a failed
 * answer that no version took the place of, so it stays.
 */
export function retryPath(answered: PlacedTurn, sequence: number): Path {
  const path = pathOf(answered);
  const isVersion = answered.isRetry && answered.parent !== undefined;
  const isNext = sequence === answered.sequence + 1;
  return extendPath(isVersion && !isNext ? pathBefore(path, answered.sequence) : path, sequence);
}

/** The path to store with a turn: none if it has every turn up to the last one. */
export function storedPath(path: Path): Path | undefined {
  return isStraight(path) ? undefined : path;
}

function* eachRange(path: Path): Generator<PathRange> {
  for (let index = 0; index + 1 < path.length; index += 2) {
    const [first, last] = [path[index], path[index + 1]];
    if (first !== undefined && last !== undefined) yield { first, last };
  }
}
