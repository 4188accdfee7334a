import { limits, mintId } from '@parley/contract';
import { LRUCache } from 'lru-cache';
import { trusted } from 'mongoose';
import { hashApiKey, isApiKey, kindOf, visibleStart } from './api-key.ts';
import { duplicateKeyIndex } from './database-errors.ts';
import type { Models } from './models.ts';
import type { ApiKeyRecord } from './records.ts';
import type { ApiKeyStore } from './store.ts';

/** Keys that were found are remembered for a few seconds: every request brings one. */
export function createApiKeyStore({ apiKeys }: Models): ApiKeyStore {
  const known = new LRUCache<string, ApiKeyRecord>({
    max: limits.cacheEntriesMax,
    ttl: limits.cacheMs,
    fetchMethod: findByHash,
    allowStaleOnFetchRejection: false,
  });

  return {
    async create({ team }, key) {
      const document = {
        _id: mintId('key'),
        team,
        kind: kindOf(key),
        hash: hashApiKey(key),
        visibleStart: visibleStart(key),
        createdAt: new Date(),
      };
      try {
        await apiKeys.insertMany([document], { lean: true });
      } catch (error) {
        // The same key again: it was stored before.
        if (duplicateKeyIndex(error) === undefined) throw error;
      }
    },

    async find(key) {
      return isApiKey(key) ? known.fetch(hashApiKey(key)) : undefined;
    },
  };

  async function findByHash(hash: string): Promise<ApiKeyRecord | undefined> {
    const found = await apiKeys
      .findOne({ hash, revokedAt: trusted({ $exists: false }) }, { team: 1, kind: 1, expiresAt: 1 })
      .lean();
    if (!found || (found.expiresAt && found.expiresAt <= new Date())) return undefined;
    return { id: found._id, team: found.team, kind: found.kind };
  }
}
