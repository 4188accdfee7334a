import { limits } from '@parley/contract';
import { LRUCache } from 'lru-cache';
import { createFoundCache } from '../caching/found-cache.ts';

/**
 * Runs a database read for a credential this process does not know. It may make the read wait, or reject it: anybody
 * can invent credentials, and each invented one costs a read.
 */
export type ReadGuard = <Result>(read: () => Promise<Result>) => Promise<Result>;

/**
 * Caches credentials (keys, tokens, signing secrets) by their hash. Credentials that do not exist are cached for
 * `limits.missingCacheMs`, in a separate cache, so that a flood of invented keys cannot evict real ones.
 */
export function createCredentialCache<Value extends object>() {
  const found = createFoundCache<Value>();
  const missing = new LRUCache<string, true>({ max: limits.cacheEntriesMax, ttl: limits.missingCacheMs });
  /**
   * Credentials that existed when they were last read. Their next read needs no guard; otherwise anonymous callers
   * could lock the owners out.
   */
  const seen = new LRUCache<string, true>({ max: limits.cacheEntriesMax });

  async function lookUp(
    name: string,
    find: () => Promise<Value | undefined>,
    guard?: ReadGuard,
  ): Promise<Value | undefined> {
    if (missing.has(name)) return undefined;
    // Parallel look-ups do not share the guard: it may reject one caller and not the other. While this one waits in the
    // guard, another may find that the credential does not exist.
    const read = async () => (missing.has(name) ? undefined : found(name, find));
    const value = await (guard && !seen.has(name) ? guard(read) : read());
    if (value) {
      seen.set(name, true);
    } else {
      seen.delete(name);
      missing.set(name, true);
    }
    return value;
  }

  /** Forgets a credential that this process has changed. */
  lookUp.forget = (name: string): void => {
    found.forget(name);
    missing.delete(name);
  };
  return lookUp;
}
