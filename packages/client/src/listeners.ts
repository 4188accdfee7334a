/** Who is called back after a change. */
export class Listeners {
  readonly #listeners = new Set<() => void>();

  get size(): number {
    return this.#listeners.size;
  }

  /** The same function subscribed twice is called twice, and unsubscribed one at a time. */
  add(listener: () => void): () => void {
    const entry = () => listener();
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  call(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
