/** Fallback for values that `localStorage` cannot store. It lasts as long as the page. */
const memory = new Map<string, string>();

/** Returns the stored text or null. Never throws. */
export function readLocal(key: string): string | null {
  try {
    return memory.get(key) ?? localStorage.getItem(key);
  } catch {
    return memory.get(key) ?? null;
  }
}

/** Stores a text; null removes it. Never throws. */
export function writeLocal(key: string, value: string | null): void {
  memory.delete(key);
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    if (value !== null) memory.set(key, value);
  }
}
