/** Work of a process that its shutdown waits for. */
export class PendingWork {
  readonly #pending = new Set<Promise<void>>();

  /** Makes `settled` wait for the end of `work`. Returns `work`. */
  track<Result>(work: Promise<Result>): Promise<Result> {
    const settled = work.then(
      () => void this.#pending.delete(settled),
      () => void this.#pending.delete(settled),
    );
    this.#pending.add(settled);
    return work;
  }

  /** Settles when no work is pending, including work that was added meanwhile. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }
}
