import type { SendStorage } from './send.ts';
import { chosenStorage, withStorage } from './storage.ts';

/** How long other tabs wait for a tab that does not respond. */
const HOLD_MS = 10_000;
/** How long a tab waits after writing the lock. If two tabs write at once, the last one has it. */
const SETTLE_MS = 50;
const POLL_MS = 25;

/**
 * Runs `work` in one tab of the browser at a time. Uses the Web Locks API, or a lock in `localStorage` on
 * pages without TLS, where that API is missing. A tab that hangs delays the others by at most ten seconds.
 */
export async function exclusively<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const { locks } = (globalThis.navigator ?? {}) as { readonly locks?: LockManager };
  if (locks) return withWebLock(locks, name, work);
  const storage = chosenStorage(undefined);
  return storage ? withStorageLock(storage, `parley:lock:${name}`, work) : work();
}

async function withWebLock<Result>(
  locks: LockManager,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), HOLD_MS);
  let hasBegun = false;
  const begin = () => {
    hasBegun = true;
    clearTimeout(timer);
    return work();
  };
  try {
    return await locks.request(name, { signal: patience.signal }, begin);
  } catch (error) {
    if (hasBegun) throw error;
    return begin();
  } finally {
    clearTimeout(timer);
  }
}

async function withStorageLock<Result>(
  storage: SendStorage,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const mine = `${Math.random().toString(36).slice(2)}${performance.now()}`;
  const holder = () => withStorage(storage, (open) => open.getItem(name))?.split('|') ?? [];
  const isFree = () => Number(holder()[1] ?? 0) < Date.now();
  const isMine = () => holder()[0] === mine;
  while (!isMine()) {
    if (isFree()) {
      const written = withStorage(storage, (open) => {
        open.setItem(name, `${mine}|${Date.now() + HOLD_MS}`);
        return true;
      });
      // The storage rejects writes, so no tab can hold the lock.
      if (!written) break;
      await pause(SETTLE_MS);
    } else await pause(POLL_MS);
  }
  try {
    return await work();
  } finally {
    if (isMine()) withStorage(storage, (open) => open.removeItem(name));
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
