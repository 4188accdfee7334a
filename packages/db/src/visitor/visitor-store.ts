import { randomBytes } from 'node:crypto';
import { isDuplicateKey } from '../connection/database-errors.ts';
import type { Models } from '../models.ts';
import type { VisitorStore } from './visitor-port.ts';

/** Names the one document that all servers of a database share. */
const COOKIE_KEY = 'web-visitor-cookies';
const KEY_BYTES = 32;

/** Creates the store of the cookies of the chat page's visitors. */
export function createVisitorStore({ serverKeys, visitorExchanges }: Models): VisitorStore {
  return {
    async cookieKey() {
      const known = await serverKeys.findOne({ _id: COOKIE_KEY }).lean();
      if (known) return { key: known.key, createdAt: known.createdAt };
      const made = { key: randomBytes(KEY_BYTES).toString('base64url'), createdAt: new Date() };
      try {
        await serverKeys.insertMany([{ _id: COOKIE_KEY, ...made }], { lean: true });
        return made;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        // Another server made it at the same time.
        const theirs = await serverKeys.findOne({ _id: COOKIE_KEY }).orFail().lean();
        return { key: theirs.key, createdAt: theirs.createdAt };
      }
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
}
