import {
  extendPath,
  type Id,
  limits,
  type Path,
  type PlacedTurn,
  pathOf,
  rangesOf,
  retryPath,
  storedPath,
  type TransferTurn,
} from '@parley/contract';

/** Computes the paths of the turns of one chat from their parents, in the order of the turns. */
export class ImportedPaths {
  readonly #turns = new Map<number, PlacedTurn>();
  readonly #sequences = new Map<Id<'turn'>, number>();
  /** Some of the turns may not be shown. */
  hasVersions = false;

  /** The path to store with a turn, or the sentence that says why its place is not possible. */
  place(turn: TransferTurn): { readonly path?: Path } | string {
    const { id, sequence, parent, retryOf, removedAt } = turn;
    const base = this.#pathBefore(turn);
    if (typeof base === 'string') return base;
    const path = storedPath(base);
    if (rangesOf(base) > limits.pathRangesMax) return 'its path has too many ranges.';
    this.#turns.set(sequence, { sequence, path, parent, isRetry: retryOf !== undefined });
    this.#sequences.set(id, sequence);
    if (parent !== undefined || path || removedAt !== undefined) this.hasVersions = true;
    return path ? { path } : {};
  }

  /** The path up to and with a turn. */
  #pathBefore({ sequence, parent, retryOf }: TransferTurn): Path | string {
    if (parent !== undefined && parent >= sequence) return `it follows the later turn ${parent}.`;
    if (parent !== undefined && parent > 0 && !this.#turns.has(parent))
      return `it follows the turn ${parent}, which is missing.`;
    if (retryOf) {
      const answered = this.#turns.get(this.#sequences.get(retryOf.turn) ?? 0);
      // Exports of release 0.1.0 have no versions: their retries are directly behind the failed turn.
      if (answered) return retryPath(answered, sequence);
      return parent === undefined
        ? [1, sequence]
        : `it answers the turn ${retryOf.turn} again, which is missing.`;
    }
    if (parent === undefined) return [1, sequence];
    const before = parent === 0 ? [] : pathOf(this.#turns.get(parent) ?? { sequence: parent });
    return extendPath(before, sequence);
  }
}
