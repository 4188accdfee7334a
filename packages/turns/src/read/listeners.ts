/** Listeners for events of keyed objects in this process. */
export class Listeners<Key, Event> {
  readonly #listeners = new Map<Key, Set<(event: Event) => void>>();

  /** The number of keys with listeners. */
  get size(): number {
    return this.#listeners.size;
  }

  /** Returns the function that detaches. */
  attach(key: Key, listener: (event: Event) => void): () => void {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
    };
  }

  notify(key: Key, event: Event): void {
    const listeners = this.#listeners.get(key);
    if (listeners) for (const listener of listeners) listener(event);
  }

  notifyAll(event: Event): void {
    for (const key of [...this.#listeners.keys()]) this.notify(key, event);
  }
}
