/** A module that is loaded on first use, see `useLazyModule`. */
export interface LazyModule<Module> {
  /** Returns the module, or undefined until it is loaded. */
  current(): Module | undefined;
  /** Loads the module. If this fails (offline), the next call tries again. */
  want(): Promise<void>;
  /** Calls `listener` when the module is loaded. Returns a function that stops this. */
  subscribe(listener: () => void): () => void;
}

/** Creates a module that is loaded on first use. */
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
        // Callers show something simpler in the meantime.
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
