import { limits } from '@parley/contract';
import { LRUCache } from 'lru-cache';

type Find<Value> = () => Promise<Value | undefined>;

/**
 * Caches values for `limits.cacheMs`. A value that was not found is not cached, so that it can be used as soon as it exists.
 * Parallel look-ups of one name share one query. (The cache's own `fetch` is not used, because it fails a running look-up
 * whose entry is evicted.) `lengthOf` returns the length of long values: all together stay within `limits.cacheTextMax`.
 */
export function createFoundCache<Value extends object>(lengthOf?: (value: Value) => number) {
  const bounds = { max: limits.cacheEntriesMax, ttl: limits.cacheMs };
  const known = new LRUCache<string, Value>(
    lengthOf
      ? { ...bounds, maxSize: limits.cacheTextMax, sizeCalculation: (value) => lengthOf(value) + 1 }
      : bounds,
  );
  const pending = new Map<string, Promise<Value | undefined>>();

  function query(name: string, find: Find<Value>): Promise<Value | undefined> {
    const isCurrent = () => pending.get(name) === shared;
    const shared: Promise<Value | undefined> = find()
      .then((found) => {
        // A value that was forgotten during the query may already be out of date: answer it, do not remember it.
        if (found && isCurrent()) known.set(name, found);
        return found;
      })
      .finally(() => {
        if (isCurrent()) pending.delete(name);
      });
    pending.set(name, shared);
    return shared;
  }

  async function lookUp(name: string, find: Find<Value>): Promise<Value | undefined> {
    const remembered = known.get(name);
    if (remembered) return remembered;
    return pending.get(name) ?? query(name, find);
  }

  /** Drops a value that this process has just changed, also one that is being read. */
  lookUp.forget = (name: string): void => {
    pending.delete(name);
    known.delete(name);
  };
  return lookUp;
}
