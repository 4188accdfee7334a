/** The maximum number of open things that count against one name. */
export interface Bound {
  readonly name: string;
  /** `0` is no maximum. */
  readonly max: number;
}

/** Counts open things, by the names of the bounds that each counts against. */
export class BoundedCounts {
  readonly #counts = new Map<string, number>();

  /** Counts one more against all of these bounds. Returns false, and counts nothing, when one of them is full. */
  enter(bounds: readonly Bound[]): boolean {
    if (bounds.some(({ name, max }) => max > 0 && this.#countOf(name) >= max)) return false;
    for (const { name } of bounds) this.#counts.set(name, this.#countOf(name) + 1);
    return true;
  }

  /** Removes one that was counted by `enter`. */
  leave(bounds: readonly Bound[]): void {
    for (const { name } of bounds) {
      const count = this.#countOf(name) - 1;
      if (count === 0) this.#counts.delete(name);
      else this.#counts.set(name, count);
    }
  }

  #countOf(name: string): number {
    return this.#counts.get(name) ?? 0;
  }
}
