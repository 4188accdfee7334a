import type { SendStorage } from './send.ts';
import { chosenStorage, using } from './storage.ts';

/** How long a tab that does not come back keeps the others waiting. */
const HOLD_MS = 10_000;
/** Two tabs that write at once have both written by then; the last one holds the lock. */
const SETTLE_MS = 50;
const POLL_MS = 25;

/**
 * Runs work in one tab of a browser at a time, so that what one tab makes the next one finds. By the Web Locks API;
 * pages that are served without TLS do not have it, and use a lock in `localStorage`. A tab that hangs keeps the others
 * waiting for ten seconds, not for ever.
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
  const holder = () => using(storage, (open) => open.getItem(name))?.split('|') ?? [];
  const isFree = () => Number(holder()[1] ?? 0) < Date.now();
  const isMine = () => holder()[0] === mine;
  while (!isMine()) {
    if (isFree()) {
      const written = using(storage, (open) => {
        open.setItem(name, `${mine}|${Date.now() + HOLD_MS}`);
        return true;
      });
      // A storage that takes nothing locks nobody out.
      if (!written) break;
      await pause(SETTLE_MS);
    } else await pause(POLL_MS);
  }
  try {
    return await work();
  } finally {
    if (isMine()) using(storage, (open) => open.removeItem(name));
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
