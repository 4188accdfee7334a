import { limits } from '@parley/contract';
import { LRUCache } from 'lru-cache';

type Find<Value> = () => Promise<Value | undefined>;

/**
 * Remembers what was found for a few seconds, and never what was not: a thing can be used as soon as it is
 * made. Parallel look-ups of one name share one query. (The cache's own `fetch` is not used because it fails
 * a look-up that is pushed out while it is under way.)
 * `lengthOf` tells how much text a thing holds, where that may be much: all together stay within `cacheTextMax`.
 */
export function createFoundCache<Value extends object>(lengthOf?: (value: Value) => number) {
  const known = new LRUCache<string, Value>({
    max: limits.cacheEntriesMax,
    ttl: limits.cacheMs,
    ...(lengthOf && { maxSize: limits.cacheTextMax, sizeCalculation: (value) => lengthOf(value) + 1 }),
  });
  const pending = new Map<string, Promise<Value | undefined>>();

  async function query(name: string, find: Find<Value>): Promise<Value | undefined> {
    try {
      const found = await find();
      if (found) known.set(name, found);
      return found;
    } finally {
      pending.delete(name);
    }
  }

  async function lookUp(name: string, find: Find<Value>): Promise<Value | undefined> {
    const remembered = known.get(name);
    if (remembered) return remembered;
    const shared = pending.get(name) ?? query(name, find);
    pending.set(name, shared);
    return shared;
  }

  /** For whoever has just changed a thing: this process need not wait to know. */
  lookUp.forget = (name: string): void => {
    known.delete(name);
  };
  return lookUp;
}
