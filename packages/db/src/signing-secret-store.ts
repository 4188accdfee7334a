import { limits, mintId } from '@parley/contract';
import { trusted } from 'mongoose';
import { createFoundCache } from './found-cache.ts';
import type { Models, SigningSecretDocument } from './models.ts';
import type { Scope, SigningSecretInfo, SigningSecretRecord } from './records.ts';
import { mintSecretText, visibleStart } from './secret-text.ts';
import type { SigningSecretStore } from './store.ts';

const PREFIX = 'ss_live_';

/** Secrets that were found are remembered for a few seconds: every user token is checked with them. */
export function createSigningSecretStore({ signingSecrets }: Models): SigningSecretStore {
  const lookUp = createFoundCache<SigningSecretRecord[]>();

  return {
    async create(scope, until) {
      const { team } = scope;
      const working = await findWorking(scope);
      if (working.length >= limits.signingSecretsMax) return undefined;
      // The new one first: whatever happens in between, one of them works.
      const document = await insert(scope);
      const before = { team, _id: trusted({ $in: working.map(({ _id }) => _id) }) };
      await signingSecrets.updateMany(before, { $min: { expiresAt: until } });
      return { secret: document.secret, info: toInfo(document) };
    },

    async ensure(scope) {
      const [newest] = await findWorking(scope);
      return toRecord(newest ?? (await insert(scope)));
    },

    list: async (scope) => (await findWorking(scope)).map(toInfo),

    async revoke({ team }, id) {
      const { deletedCount } = await signingSecrets.deleteOne({ _id: id, team });
      return deletedCount === 1;
    },

    async findWorking(scope, named) {
      const known = await lookUp(scope.team, async () => {
        const working = await findWorking(scope);
        return working.length === 0 ? undefined : working.map(toRecord);
      });
      if (named === undefined || known?.some(({ id }) => id === named)) return known ?? [];
      const newer = await lookUp(`${scope.team}/${named}`, async () => {
        const found = await signingSecrets.findOne({ _id: named, team: scope.team }).lean();
        return found ? [toRecord(found)] : undefined;
      });
      return newer ?? [];
    },
  };

  async function insert({ team }: Scope): Promise<SigningSecretDocument> {
    const secret = mintSecretText(PREFIX);
    const document = { _id: mintId('secret'), team, secret, createdAt: new Date() };
    await signingSecrets.insertMany([document], { lean: true });
    return document;
  }

  function findWorking({ team }: Scope): Promise<SigningSecretDocument[]> {
    return signingSecrets
      .find({
        team,
        $or: [{ expiresAt: trusted({ $exists: false }) }, { expiresAt: trusted({ $gt: new Date() }) }],
      })
      .sort({ _id: -1 })
      .limit(limits.signingSecretsMax)
      .lean();
  }
}

function toInfo({ _id: id, secret, createdAt, expiresAt }: SigningSecretDocument): SigningSecretInfo {
  return { id, visibleStart: visibleStart(secret), createdAt, ...(expiresAt && { expiresAt }) };
}

function toRecord({ _id: id, secret, expiresAt }: SigningSecretDocument): SigningSecretRecord {
  return { id, secret, ...(expiresAt && { expiresAt }) };
}
