import { ApiError } from '@parley/contract';
import { isDuplicateKey } from '../connection/database-errors.ts';
import { serverKeyPlace } from '../encryption/stored-secrets.ts';
import type { Vault } from '../encryption/vault.ts';
import type { Models } from '../models.ts';
import { COOKIE_KEY, mintServerKey, type ServerKeyDocument } from './visitor-model.ts';
import type { CookieKey, VisitorStore } from './visitor-port.ts';

/** Creates the store of the cookies of the chat page's visitors. */
export function createVisitorStore({ serverKeys, visitorExchanges }: Models, vault: Vault): VisitorStore {
  return {
    async cookieKey() {
      const known = await serverKeys.findOne({ _id: COOKIE_KEY }).lean();
      if (known) return open(known);
      const made = await makeKey();
      // Undefined: another server created it at the same time.
      return made ?? open(await serverKeys.findOne({ _id: COOKIE_KEY }).orFail().lean());
    },

    async exchange({ team }, user, secretHash) {
      const _id = `${team}/${user}`;
      const exchangedAt = new Date();
      try {
        await visitorExchanges.insertMany([{ _id, team, user, secretHash, exchangedAt }], { lean: true });
        return exchangedAt;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        const first = await visitorExchanges.findOne({ _id, team }).lean();
        return first?.exchangedAt;
      }
    },

    async findExchanged({ team }, secretHash) {
      const found = await visitorExchanges.findOne({ secretHash, team }).lean();
      return found?.user;
    },
  };

  /**
   * @throws ApiError when no key of this process opens it. It is not replaced, because its encryption key may be
   * configured again.
   */
  function open({ _id, key: stored, createdAt }: ServerKeyDocument): CookieKey {
    const key = vault.open(serverKeyPlace(_id), stored);
    if (key === undefined) throw new ApiError('encryption_key_outdated');
    return { key, createdAt };
  }

  async function makeKey(): Promise<CookieKey | undefined> {
    const made = { key: mintServerKey(), createdAt: new Date() };
    const seal = await vault.sealing();
    const stored = { ...made, key: seal(serverKeyPlace(COOKIE_KEY), made.key) };
    try {
      await serverKeys.insertMany([{ _id: COOKIE_KEY, ...stored }], { lean: true });
      return made;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      return undefined;
    }
  }
}
