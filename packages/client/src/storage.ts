import type { SendStorage } from './send.ts';

/** What a storage gives; undefined where there is none, and when it throws: it may be full or forbidden. */
export function using<Result>(
  storage: SendStorage | undefined,
  use: (storage: SendStorage) => Result,
): Result | undefined {
  try {
    return storage && use(storage);
  } catch {
    return undefined;
  }
}

/** The names in a storage that begin so. */
export function namesIn(storage: SendStorage | undefined, prefix: string): string[] {
  const names = using(storage, (open) => Array.from({ length: open.length }, (_, index) => open.key(index)));
  return (names ?? []).filter((name) => name !== null).filter((name) => name.startsWith(prefix));
}

/** The storage that is asked for: unless said otherwise the page's own. */
export function chosenStorage(storage: SendStorage | null | undefined): SendStorage | undefined {
  if (storage !== undefined) return storage ?? undefined;
  try {
    return globalThis.localStorage;
  } catch {
    // Reading `localStorage` throws where storage is forbidden.
    return undefined;
  }
}
