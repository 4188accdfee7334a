import { limits } from '@parley/contract';
import { LRUCache } from 'lru-cache';

type Find<Value> = () => Promise<Value | undefined>;

interface Query<Value> {
  readonly startedAt: number;
  readonly found: Promise<Value | undefined>;
}

/** How old a running query can be that a look-up joins. */
const JOIN_MS = 1_000;

/**
 * Caches values for `limits.cacheMs` from the start of their query, so that a slow database makes no value older than that.
 * A value that was not found is not cached, so that it can be used as soon as it exists. Parallel look-ups of one name share
 * one query, unless it began long ago. (The cache's own `fetch` is not used, because it fails a running look-up whose entry
 * is evicted.) `lengthOf` returns the length of long values: all together stay within `limits.cacheTextMax`.
 */
export function createFoundCache<Value extends object>(lengthOf?: (value: Value) => number) {
  const bounds = { max: limits.cacheEntriesMax, ttl: limits.cacheMs };
  const known = new LRUCache<string, Value>(
    lengthOf
      ? { ...bounds, maxSize: limits.cacheTextMax, sizeCalculation: (value) => lengthOf(value) + 1 }
      : bounds,
  );
  const pending = new Map<string, Query<Value>>();

  function query(name: string, find: Find<Value>): Promise<Value | undefined> {
    const startedAt = performance.now();
    const isCurrent = () => pending.get(name) === shared;
    const found = find()
      .then((value) => {
        // A value that was forgotten during the query may already be outdated: return it, but do not cache it.
        if (value && isCurrent()) known.set(name, value, { start: startedAt });
        return value;
      })
      .finally(() => {
        if (isCurrent()) pending.delete(name);
      });
    const shared: Query<Value> = { startedAt, found };
    pending.set(name, shared);
    return found;
  }

  async function lookUp(name: string, find: Find<Value>): Promise<Value | undefined> {
    const remembered = known.get(name);
    if (remembered) return remembered;
    const running = pending.get(name);
    const isRecent = running !== undefined && performance.now() - running.startedAt < JOIN_MS;
    return isRecent ? running.found : query(name, find);
  }

  /** Drops a value that this process has just changed, also one that is being read. */
  lookUp.forget = (name: string): void => {
    pending.delete(name);
    known.delete(name);
  };
  return lookUp;
}
