import { mintId } from '@parley/contract';
import { trusted } from 'mongoose';
import { hashApiKey, isApiKey, kindOf, visibleStart } from './api-key.ts';
import { isDuplicateKey } from './database-errors.ts';
import { createFoundCache } from './found-cache.ts';
import type { Models } from './models.ts';
import type { ApiKeyRecord } from './records.ts';
import type { ApiKeyStore } from './store.ts';

/** Keys that were found are remembered for a few seconds: every request brings one. */
export function createApiKeyStore({ apiKeys }: Models): ApiKeyStore {
  const lookUp = createFoundCache<ApiKeyRecord>();

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
        // The same key again: it was stored before, unless it is another team's.
        if (!isDuplicateKey(error) || !(await apiKeys.exists({ hash: document.hash, team }))) throw error;
      }
    },

    async find(key) {
      if (!isApiKey(key)) return undefined;
      const hash = hashApiKey(key);
      return lookUp(hash, () => findByHash(hash));
    },
  };

  async function findByHash(hash: string): Promise<ApiKeyRecord | undefined> {
    const found = await apiKeys
      .findOne(
        { hash, revokedAt: trusted({ $exists: false }) },
        { team: 1, kind: 1, expiresAt: 1, lineage: 1 },
      )
      .lean();
    if (!found || (found.expiresAt && found.expiresAt <= new Date())) return undefined;
    return { id: found._id, lineage: found.lineage ?? found._id, team: found.team, kind: found.kind };
  }
}
