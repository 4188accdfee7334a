import type { SendStorage } from './send.ts';

/**
 * Calls `use` with the storage. Returns undefined if there is no storage, or if it throws because it is full
 * or forbidden.
 */
export function withStorage<Result>(
  storage: SendStorage | undefined,
  use: (storage: SendStorage) => Result,
): Result | undefined {
  try {
    return storage && use(storage);
  } catch {
    return undefined;
  }
}

/** Returns the names of all entries that start with `prefix`. */
export function namesIn(storage: SendStorage | undefined, prefix: string): string[] {
  const names = withStorage(storage, (open) =>
    Array.from({ length: open.length }, (_, index) => open.key(index)),
  );
  return (names ?? []).filter((name) => name !== null).filter((name) => name.startsWith(prefix));
}

/** Returns the given storage, by default `localStorage`. `null` means none. */
export function chosenStorage(storage: SendStorage | null | undefined): SendStorage | undefined {
  if (storage !== undefined) return storage ?? undefined;
  try {
    return globalThis.localStorage;
  } catch {
    // Reading `localStorage` throws where storage is forbidden.
    return undefined;
  }
}
