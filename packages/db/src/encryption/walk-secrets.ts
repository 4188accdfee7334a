import type { Id } from '@parley/contract';
import { trusted } from 'mongoose';
import type { AgentDocument } from '../agent/agent-model.ts';
import type { Models } from '../models.ts';
import type { SigningSecretDocument } from '../signing-secret/signing-secret-model.ts';
import { COOKIE_KEY, mintServerKey } from '../visitor/visitor-model.ts';
import { type EncryptionKey, type EncryptionKeys, keyIdOf, type SealedPlace } from './encryption-key.ts';
import { restoreTools, type StoredHeader, serverKeyPlace, signingSecretPlace } from './stored-secrets.ts';
import { openWith } from './vault.ts';

/** The number of secrets of a database, by the key that opens them. */
export interface SecretCounts {
  readonly underCurrentKey: number;
  readonly underPreviousKey: number;
  readonly plain: number;
  /** No key of this process opens them. */
  readonly unreadable: number;
}

/** The secrets that a reset removed or replaced. */
export interface ClearedSecrets {
  readonly signingSecrets: number;
  readonly toolHeaders: number;
  /** The key of visitors' cookies, which a new key replaced: 1, or 0 if no visitor has come yet. */
  readonly cookieKeys: number;
}

type SecretModels = Pick<Models, 'signingSecrets' | 'agents' | 'serverKeys'>;
type Counts = { -readonly [Name in keyof SecretCounts]: number };

const SECRETS_AT_ONCE = 500;
/** An agent holds up to twenty versions of 256 KiB. */
const AGENTS_AT_ONCE = 20;

/**
 * Reads every secret of the database. With `sealAll` it seals those that are not sealed with the current key. Each is
 * replaced only if it is unchanged since it was read, so that a concurrent write wins.
 */
export async function walkSecrets(
  models: SecretModels,
  keys: EncryptionKeys | undefined,
  { sealAll = false, signal }: { sealAll?: boolean; signal?: AbortSignal | undefined } = {},
): Promise<SecretCounts> {
  const counts: Counts = { underCurrentKey: 0, underPreviousKey: 0, plain: 0, unreadable: 0 };
  const renew = (place: SealedPlace, stored: string) => {
    const kind = kindOf(keys, place, stored);
    counts[kind]++;
    if (!sealAll || !keys || kind === 'underCurrentKey' || kind === 'unreadable') return undefined;
    const text = kind === 'plain' ? stored : keys.previous?.open(place, stored);
    return text === undefined ? undefined : keys.current.seal(place, text);
  };
  for await (const secret of signingSecrets(models)) {
    signal?.throwIfAborted();
    const next = renew(signingSecretPlace(secret.team, secret._id), secret.secret);
    if (next === undefined) continue;
    await models.signingSecrets.updateOne(
      { _id: secret._id, secret: secret.secret },
      { $set: { secret: next } },
    );
  }
  const cookieKey = await models.serverKeys.findOne({ _id: COOKIE_KEY }).lean();
  if (cookieKey) {
    const next = renew(serverKeyPlace(COOKIE_KEY), cookieKey.key);
    if (next !== undefined) {
      await models.serverKeys.updateOne({ _id: COOKIE_KEY, key: cookieKey.key }, { $set: { key: next } });
    }
  }
  for await (const agent of agentsWithTools(models)) {
    signal?.throwIfAborted();
    await changeTools(models, agent, (place, value) => {
      // Only the form of a header decides whether it is plain, not its text.
      if (typeof value === 'string') return renewPlainHeader(place, value);
      const next = renew(place, value.sealed);
      return next === undefined ? undefined : { sealed: next };
    });
  }
  return counts;

  function renewPlainHeader(place: SealedPlace, value: string): StoredHeader | undefined {
    counts.plain++;
    return sealAll && keys ? { sealed: keys.current.seal(place, value) } : undefined;
  }
}

/**
 * Removes every signing secret and the value of every tool header, and replaces the key of visitors' cookies by a new
 * one, sealed with `key`. A cookie of the old key is then not recognised.
 */
export async function clearSecrets(models: SecretModels, key: EncryptionKey): Promise<ClearedSecrets> {
  const { deletedCount } = await models.signingSecrets.deleteMany({});
  let toolHeaders = 0;
  for await (const agent of agentsWithTools(models)) {
    await changeTools(models, agent, () => {
      toolHeaders++;
      return 'removed';
    });
  }
  const cookieKey = key.seal(serverKeyPlace(COOKIE_KEY), mintServerKey());
  const replaced = await models.serverKeys.updateOne({ _id: COOKIE_KEY }, { $set: { key: cookieKey } });
  return { signingSecrets: deletedCount, toolHeaders, cookieKeys: replaced.matchedCount };
}

function kindOf(keys: EncryptionKeys | undefined, place: SealedPlace, stored: string): keyof SecretCounts {
  const keyId = keyIdOf(stored);
  if (keyId === undefined) return 'plain';
  if (openWith(keys, place, stored) === undefined) return 'unreadable';
  return keyId === keys?.current.id ? 'underCurrentKey' : 'underPreviousKey';
}

/** Secrets that are created during the walk come later in it, because ids are sorted by time. */
async function* signingSecrets({
  signingSecrets: model,
}: SecretModels): AsyncGenerator<SigningSecretDocument> {
  for (let after = '' as Id<'secret'>; ; ) {
    const found = await model
      .find({ _id: trusted({ $gt: after }) })
      .sort({ _id: 1 })
      .limit(SECRETS_AT_ONCE)
      .lean();
    yield* found;
    if (found.length < SECRETS_AT_ONCE) return;
    after = found.at(-1)?._id ?? after;
  }
}

type AgentWithTools = Pick<AgentDocument, '_id' | 'team' | 'versions'>;

async function* agentsWithTools({ agents }: SecretModels): AsyncGenerator<AgentWithTools> {
  for (let after = '' as Id<'agent'>; ; ) {
    const found: AgentWithTools[] = await agents
      .find({ _id: trusted({ $gt: after }) }, { team: 1, versions: 1 })
      .sort({ _id: 1 })
      .limit(AGENTS_AT_ONCE)
      .lean();
    yield* found.filter(({ versions }) => versions.some(({ tools }) => tools !== undefined));
    if (found.length < AGENTS_AT_ONCE) return;
    after = found.at(-1)?._id ?? after;
  }
}

/** Changes the headers of each version that is unchanged since it was read. */
async function changeTools(
  { agents }: SecretModels,
  { _id, team, versions }: AgentWithTools,
  change: Parameters<typeof restoreTools>[2],
): Promise<void> {
  for (const { version, tools } of versions) {
    if (tools === undefined) continue;
    let isChanged = false;
    const next = restoreTools({ team, agent: _id }, tools, (place, value) => {
      const changed = change(place, value);
      isChanged ||= changed !== undefined;
      return changed;
    });
    if (!isChanged) continue;
    await agents.updateOne(
      { _id, versions: trusted({ $elemMatch: { version, tools } }) },
      { $set: { 'versions.$.tools': next } },
    );
  }
}
