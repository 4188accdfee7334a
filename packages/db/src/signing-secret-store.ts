import { type Id, limits, mintId } from '@parley/contract';
import { trusted } from 'mongoose';
import { isDuplicateKey } from './database-errors.ts';
import { createFoundCache } from './found-cache.ts';
import type { Models, SigningSecretDocument } from './models.ts';
import type { Scope, SigningSecretInfo, SigningSecretRecord } from './records.ts';
import { mintSecretText, visibleStart } from './secret-text.ts';
import type { SigningSecretStore } from './store.ts';

const PREFIX = 'ss_live_';

/** The index of slots. */
const SLOTS = { team: 1, slot: 1 } as const;

/** Secrets that were found are remembered for a few seconds: every user token is checked with them. */
export function createSigningSecretStore({ signingSecrets }: Models): SigningSecretStore {
  const lookUp = createFoundCache<SigningSecretRecord[]>();

  return {
    async create(scope, until) {
      const { team } = scope;
      const working = await findWorking(scope);
      // The new one first: whatever happens in between, one of them works.
      const document = await insert(scope);
      if (!document) return undefined;
      const before = { team, _id: trusted({ $in: working.map(({ _id }) => _id) }) };
      await signingSecrets.updateMany(before, { $min: { expiresAt: until } });
      lookUp.forget(team);
      return { secret: document.secret, info: toInfo(document) };
    },

    async ensure(scope) {
      for (;;) {
        const [newest] = await findWorking(scope);
        if (newest) return toRecord(newest);
        await removeExpired(scope);
        // Of parallel requests for a first secret one gets the slot; the others find its secret.
        const made = await insertAt(scope, 0);
        if (made) return toRecord(made);
      }
    },

    list: async (scope) => (await findWorking(scope)).map(toInfo),

    async revoke({ team }, id) {
      const { deletedCount } = await signingSecrets.deleteOne({ _id: id, team });
      lookUp.forget(team);
      lookUp.forget(nameOf(team, id));
      return deletedCount === 1;
    },

    async findWorking(scope, named) {
      const known = await lookUp(scope.team, async () => {
        const working = await findWorking(scope);
        return working.length === 0 ? undefined : working.map(toRecord);
      });
      if (named === undefined || known?.some(({ id }) => id === named)) return known ?? [];
      const newer = await lookUp(nameOf(scope.team, named), async () => {
        const found = await signingSecrets.findOne({ _id: named, team: scope.team }).lean();
        return found ? [toRecord(found)] : undefined;
      });
      return newer ?? [];
    },
  };

  /** Undefined: as many work as may. The unique slots make the limit exact among parallel requests. */
  async function insert(scope: Scope): Promise<SigningSecretDocument | undefined> {
    for (;;) {
      const slot = await findFreeSlot(scope);
      if (slot === undefined) return undefined;
      const made = await insertAt(scope, slot);
      if (made) return made;
    }
  }

  /** Undefined: another request took the slot. */
  async function insertAt({ team }: Scope, slot: number): Promise<SigningSecretDocument | undefined> {
    const secret = mintSecretText(PREFIX);
    const document = { _id: mintId('secret'), team, secret, slot, createdAt: new Date() };
    try {
      await signingSecrets.insertMany([document], { lean: true });
      return document;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      return undefined;
    }
  }

  async function findFreeSlot(scope: Scope): Promise<number | undefined> {
    await removeExpired(scope);
    const hasSlot = { team: scope.team, slot: trusted({ $exists: true }) };
    const [working, withSlot] = await Promise.all([
      findWorking(scope),
      // The planner would rather read all secrets of the team.
      signingSecrets.find(hasSlot, { slot: 1 }).hint(SLOTS).limit(limits.signingSecretsMax).lean(),
    ]);
    const taken = new Set(withSlot.map(({ slot }) => slot));
    const withoutSlot = working.filter(({ slot }) => slot === undefined).length;
    for (let slot = 0; slot < limits.signingSecretsMax - withoutSlot; slot++) {
      if (!taken.has(slot)) return slot;
    }
    return undefined;
  }

  /** The server removes expired secrets up to a minute late, and until then each holds its slot. */
  async function removeExpired({ team }: Scope): Promise<void> {
    await signingSecrets.deleteMany({ team, expiresAt: trusted({ $lte: new Date() }) });
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

function nameOf(team: Id<'team'>, id: Id<'secret'>): string {
  return `${team}/${id}`;
}

function toInfo({ _id: id, secret, createdAt, expiresAt }: SigningSecretDocument): SigningSecretInfo {
  return { id, visibleStart: visibleStart(secret), createdAt, ...(expiresAt && { expiresAt }) };
}

function toRecord({ _id: id, secret, expiresAt }: SigningSecretDocument): SigningSecretRecord {
  return { id, secret, ...(expiresAt && { expiresAt }) };
}
