/** A part of the page that is loaded when it is first wanted. Used by `useLazyModule`. */
export interface LazyModule<Module> {
  /** The module, once it is there. */
  current(): Module | undefined;
  /** Loads it. One that cannot be loaded (offline) stays away, and is tried again when it is wanted next. */
  want(): Promise<void>;
  /** Calls back when it is there. Answers how to stop that. */
  subscribe(listener: () => void): () => void;
}

export function lazyModule<Module>(load: () => Promise<Module>): LazyModule<Module> {
  let module: Module | undefined;
  let isLoading = false;
  const listeners = new Set<() => void>();
  return {
    current: () => module,
    async want() {
      if (module || isLoading) return;
      isLoading = true;
      try {
        module = await load();
        for (const listener of listeners) listener();
      } catch {
        // Whoever wants it shows something simpler meanwhile.
      } finally {
        isLoading = false;
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
