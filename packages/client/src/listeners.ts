/** A set of change listeners. */
export class Listeners {
  readonly #listeners = new Set<() => void>();

  get size(): number {
    return this.#listeners.size;
  }

  /**
   * Adds a listener and returns a function that removes it. A function that was added twice is called twice
   * and removed one at a time.
   */
  add(listener: () => void): () => void {
    const entry = () => listener();
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  call(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
