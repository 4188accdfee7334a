import { ApiError, compactAs, type Id, limits, mintId } from '@parley/contract';
import { trusted } from 'mongoose';
import { isUnrevoked } from '../api-key/api-key-document.ts';
import type { KeyIssuer } from '../api-key/api-key-records.ts';
import { ConflictPauses } from '../connection/conflict-pauses.ts';
import { isDuplicateKey } from '../connection/database-errors.ts';
import { createCredentialCache } from '../credential/credential-cache.ts';
import { mintSecretText, visibleStart } from '../credential/secret-text.ts';
import { signingSecretPlace } from '../encryption/stored-secrets.ts';
import type { Vault } from '../encryption/vault.ts';
import type { Models } from '../models.ts';
import type { Scope } from '../scope.ts';
import type { SigningSecretDocument } from './signing-secret-model.ts';
import type { SigningSecretStore } from './signing-secret-port.ts';
import type {
  IssuedSigningSecret,
  SigningSecretInfo,
  SigningSecretRecord,
} from './signing-secret-records.ts';

const PREFIX = 'ss_live_';

/** The index of slots. */
const SLOTS = { team: 1, slot: 1 } as const;

/** Creates the store of signing secrets. It caches them for a few seconds, because every user token needs them. */
export function createSigningSecretStore(
  { signingSecrets, apiKeys }: Models,
  vault: Vault,
): SigningSecretStore {
  const lookUp = createCredentialCache<SigningSecretRecord[]>();

  return {
    async create(scope, until) {
      const working = await findStored(scope);
      // The new secret comes first, so that one works at any time.
      const document = await insert(scope);
      return document && replace(document, working, until);
    },

    async issueFrom(scope, issuer, until) {
      const working = await findStored(scope);
      const document = await insert(scope, issuer);
      if (!document) return 'full';
      if (await isUnrevoked(apiKeys, scope.team, issuer.id)) return replace(document, working, until);
      // Either the revocation of the issuer finds this secret, or this read finds the revocation.
      await signingSecrets.deleteOne({ _id: document._id, team: scope.team });
      return 'issuer-revoked';
    },

    async ensure(scope) {
      for (const pauses = new ConflictPauses(); ; await pauses.next()) {
        const stored = await findStored(scope);
        const newest = stored.map(open).find((opened) => opened !== undefined);
        if (newest) return toRecord(newest);
        await removeExpired(scope);
        // Of parallel requests for a first secret one gets the slot, and the others find its secret.
        const made = await (stored.length === 0 ? insertAt(scope, 0) : insert(scope));
        if (made) return toRecord(made);
        // Every slot holds a secret that another key sealed. That key may be configured again, so nothing is removed.
        if (stored.length > 0) throw new ApiError('encryption_key_outdated');
      }
    },

    list: async (scope) =>
      (await findStored(scope)).map((stored) => toInfo(open(stored) ?? { ...stored, secret: '' })),

    async listIssued(scope, family) {
      const stored = await findStored(scope);
      return stored.filter(({ issuers }) => issuers?.includes(family)).map(({ _id }) => _id);
    },

    async revoke({ team }, id) {
      const { deletedCount } = await signingSecrets.deleteOne({ _id: id, team });
      lookUp.forget(team);
      lookUp.forget(nameOf(team, id));
      return deletedCount === 1;
    },

    async findWorking(scope, named, guard) {
      const findAll = async () => {
        const working = await findWorking(scope);
        return working.length === 0 ? undefined : working.map(toRecord);
      };
      const known = await lookUp(scope.team, findAll, guard);
      if (named === undefined || known?.some(({ id }) => id === named)) return known ?? [];
      const findNewer = async () => {
        const found = await signingSecrets.findOne({ _id: named, team: scope.team }).lean();
        const opened = found && open(found);
        return opened ? [toRecord(opened)] : undefined;
      };
      const newer = await lookUp(nameOf(scope.team, named), findNewer, guard);
      return newer ?? [];
    },
  };

  async function replace(
    document: SigningSecretDocument,
    old: readonly SigningSecretDocument[],
    until: Date,
  ): Promise<IssuedSigningSecret> {
    const { team, secret } = document;
    const before = { team, _id: trusted({ $in: old.map(({ _id }) => _id) }) };
    await signingSecrets.updateMany(before, { $min: { expiresAt: until } });
    lookUp.forget(team);
    return { secret, info: toInfo(document) };
  }

  /**
   * Undefined: the maximum number of secrets works already. The unique slots make the limit exact for parallel
   * requests.
   */
  async function insert(scope: Scope, issuer?: KeyIssuer): Promise<SigningSecretDocument | undefined> {
    for (const pauses = new ConflictPauses(); ; await pauses.next()) {
      const slot = await findFreeSlot(scope);
      if (slot === undefined) return undefined;
      const made = await insertAt(scope, slot, issuer);
      if (made) return made;
    }
  }

  /** Stores a new secret, and returns it with its text. Undefined: another request took the slot. */
  async function insertAt(
    { team }: Scope,
    slot: number,
    issuer?: KeyIssuer,
  ): Promise<SigningSecretDocument | undefined> {
    const secret = mintSecretText(PREFIX);
    const document = compactAs<SigningSecretDocument>({
      ...{ _id: mintId('secret'), team, secret, slot, createdAt: new Date(), expiresAt: undefined },
      issuedBy: issuer?.id,
      issuers: issuer && [...issuer.issuers, issuer.familyId],
    });
    const seal = await vault.sealing();
    const stored = { ...document, secret: seal(signingSecretPlace(team, document._id), secret) };
    try {
      await signingSecrets.insertMany([stored], { lean: true });
      lookUp.forget(team);
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
      findStored(scope),
      // A hint, because the planner prefers to read all secrets of the team.
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

  /** A document with its text; undefined when it cannot be opened: a token it signed is not known. */
  function open(stored: SigningSecretDocument): SigningSecretDocument | undefined {
    const secret = vault.open(signingSecretPlace(stored.team, stored._id), stored.secret);
    return secret === undefined ? undefined : { ...stored, secret };
  }

  async function findWorking(scope: Scope): Promise<SigningSecretDocument[]> {
    const found = await findStored(scope);
    return found.flatMap((stored) => open(stored) ?? []);
  }

  function findStored({ team }: Scope): Promise<SigningSecretDocument[]> {
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

function toInfo({
  _id: id,
  issuedBy,
  secret,
  createdAt,
  expiresAt,
}: SigningSecretDocument): SigningSecretInfo {
  return compactAs<SigningSecretInfo>({
    ...{ id, visibleStart: visibleStart(secret), createdAt, issuedBy, expiresAt },
  });
}

function toRecord({ _id: id, secret, expiresAt }: SigningSecretDocument): SigningSecretRecord {
  return compactAs<SigningSecretRecord>({ id, secret, expiresAt });
}
